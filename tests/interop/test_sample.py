"""The sample notebooks, as Jupyter's own library sees them."""

import nbformat
import pytest

from conftest import SAMPLE


@pytest.mark.parametrize("path", sorted(SAMPLE.rglob("*.ipynb")), ids=lambda path: path.name)
def test_setup_12_sample_notebooks_are_valid_and_canonical(path):
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert nbformat.writes(notebook) + "\n" == text
