"""What a type checker reads is what is there."""

import ast
import inspect
import pathlib
import typing
import unittest

import parlor
from parlor import _native

PACKAGE = pathlib.Path(parlor.__file__).parent


class Types(unittest.TestCase):
    def test_the_package_says_what_it_exports(self):
        stub = ast.parse((PACKAGE / "__init__.pyi").read_text())
        named = [alias.asname for one in stub.body for alias in one.names]
        exported = [name for name in parlor.__all__ if not name.endswith("Protocol")]
        self.assertEqual(sorted(named), sorted(set(exported) - {"InternalError"}))

    def test_every_class_has_the_members_that_its_types_name(self):
        stub = ast.parse((PACKAGE / "_native.pyi").read_text())
        classes = [one for one in stub.body if isinstance(one, ast.ClassDef)]
        self.assertGreater(len(classes), 50)
        for one in classes:
            self.compare(one, getattr(_native, one.name))

    def compare(self, typed, real):
        for member in typed.body:
            with self.subTest(f"{typed.name}: {ast.unparse(member)}"):
                if isinstance(member, ast.ClassDef):
                    inner = getattr(real, member.name)
                    self.assertTrue(issubclass(inner, real))
                    self.compare(member, inner)
                elif isinstance(member, ast.Assign):
                    self.assertEqual(real[member.targets[0].id].value, member.value.value)
                elif isinstance(member, ast.AnnAssign):
                    self.assertIn(member.target.id, inspect.signature(real.__init__).parameters)
                else:
                    self.compare_function(member, getattr(real, member.name))

    def compare_function(self, typed, real):
        self.assertEqual(isinstance(typed, ast.AsyncFunctionDef), inspect.iscoroutinefunction(real))
        wanted = {one.arg for one in typed.args.args + typed.args.kwonlyargs} - {"self", "cls"}
        self.assertEqual(wanted, set(inspect.signature(real).parameters) - {"self", "cls"})


class Annotations(unittest.TestCase):
    def test_every_method_of_a_client_has_its_types_and_says_what_it_is(self):
        for name, member in inspect.getmembers(parlor.Client, inspect.isfunction):
            if name.startswith("_"):
                continue
            with self.subTest(name):
                self.assertIn("return", typing.get_type_hints(member))
                self.assertTrue(member.__doc__)


if __name__ == "__main__":
    unittest.main()
