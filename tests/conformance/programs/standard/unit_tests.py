import doctest
import io
import unittest
from unittest import mock


class Case(unittest.TestCase):
    def test_equal(self):
        self.assertEqual([1, 2, 3], [1, 2, 4])

    def test_raises(self):
        with self.assertRaisesRegex(ValueError, "invalid literal"):
            int("x")

    @unittest.skip("later")
    def test_skipped(self): ...

    def test_subtests(self):
        for n in range(3):
            with self.subTest(n=n):
                self.assertNotEqual(n, 1)


outcome = unittest.TestResult()
unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(outcome)
worker = mock.Mock(side_effect=[1, ValueError("second")])
worker.method.return_value.attribute = 5
calls = [worker(1, key=2), worker.method("a").attribute]
try:
    worker.assert_called_with(2)
except AssertionError as error:
    calls.append(str(error))


def example():
    """
    >>> 1 + 1
    2
    >>> {}['x']
    Traceback (most recent call last):
    KeyError: 'x'
    """


finder = doctest.DocTestFinder().find(example, "example", globs={})
tried = doctest.DocTestRunner(verbose=False).run(finder[0])
result = (outcome, [(str(test), text.splitlines()[-1]) for test, text in outcome.failures], calls, worker.mock_calls, tried)
