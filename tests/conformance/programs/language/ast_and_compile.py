import ast
import dis

source = "def f(a, /, b=1, *c, d: int = 2, **e) -> str:\n    return [x async for x in y if (z := x)] or f'{a!r:>{b}}'\n"
tree = ast.parse(source.replace("def", "async def", 1))
dumped = ast.dump(tree.body[0].args)


class Doubler(ast.NodeTransformer):
    def visit_Constant(self, node):
        return ast.copy_location(ast.Constant(node.value * 2), node)


code = compile(ast.fix_missing_locations(Doubler().visit(ast.parse("x = 21 + 4"))), "made", "exec")
namespace = {}
exec(code, namespace)
names = [instruction.opname for instruction in dis.get_instructions(compile("a.b(c)[1]", "x", "eval"))]
result = (ast.unparse(tree), dumped, namespace["x"], names, ast.literal_eval("{'a': (1, -2.5, b'x', None, {3})}"))
