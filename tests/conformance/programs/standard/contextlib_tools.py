import asyncio
import contextlib
import contextvars
import io


class Base(contextlib.ContextDecorator):
    def __enter__(self):
        print("in")

    def __exit__(self, *details):
        print("out", details[0] and details[0].__name__)


@Base()
def decorated():
    return "value"


@contextlib.asynccontextmanager
async def managed():
    print("start")
    yield 5
    print("stop")


variable = contextvars.ContextVar("variable", default="unset")
context = contextvars.copy_context()
context.run(variable.set, "inside")
token = variable.set("outside")
async with managed() as five, contextlib.AsyncExitStack() as stack:
    stack.push_async_callback(asyncio.sleep, 0)
    with contextlib.redirect_stdout(io.StringIO()) as captured, contextlib.chdir("/"):
        print("captured")
variable.reset(token)
with contextlib.nullcontext("null") as null, contextlib.closing(io.StringIO("x")) as closing:
    text = closing.read()
result = (decorated(), five, captured.getvalue(), context[variable], variable.get(), null, text, closing.closed, repr(token)[:20])
