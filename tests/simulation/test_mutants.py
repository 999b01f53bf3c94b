"""The list of broken rules follows the code: each of them can still be applied."""

import pytest

from tests.simulation.mutants import ROOT, TextNotFound, mutated
from tests.simulation.mutations import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_every_broken_rule_can_be_applied_to_the_code_as_it_is(mutation: Mutation) -> None:
    text = (ROOT / mutation.file).read_text(encoding="utf-8")
    assert mutated(text, mutation) != text


@pytest.mark.parametrize("text", ["", "twice, twice"])
def test_a_text_that_is_not_there_exactly_once_is_told(text: str) -> None:
    with pytest.raises(TextNotFound, match="the rule: the text to replace is in a file"):
        mutated(text, Mutation("the rule", "", "a file", "twice", "never"))


def test_no_two_mutants_have_one_name() -> None:
    names = [mutation.name for mutation in MUTATIONS]
    assert sorted(set(names)) == sorted(names)
