"""Files that people edit, settings, prompts, names."""

from importlib import metadata

import pytest

from agent.config.load import load_configuration
from agent.llm.schemas import (
    InvestigationAnswer,
    ReadingsAnswer,
    WordedAnswer,
    strict_problems,
    strict_schema,
)
from app.settings import Settings
from domain.errors import InvalidConfiguration
from prompts import catalog

OURS = {"agent", "app", "connectors", "domain", "evals", "prompts", "storage", "vectorstore"}


def test_the_shipped_files_are_valid_and_have_no_limits():
    loaded = load_configuration(None)
    assert len(loaded.taxonomy.drivers) >= 10
    assert loaded.policy.quiet_hours is None
    assert loaded.policy.contact_cap is None
    assert loaded.policy.four_eyes is None


def test_a_file_in_the_home_replaces_the_shipped_one(tmp_path):
    (tmp_path / "taxonomy.yaml").write_text(
        "drivers:\n  - {name: a, label: A, description: something}\n"
    )
    assert [one.name for one in load_configuration(tmp_path).taxonomy.drivers] == ["a"]


def test_a_wrong_line_is_named_and_all_problems_come_together(tmp_path):
    (tmp_path / "taxonomy.yaml").write_text(
        "drivers:\n  - name: a\n    label: A\n    description: x\n    colour: red\n"
    )
    (tmp_path / "policy.yaml").write_text("undo_seconds: -3\n")
    with pytest.raises(InvalidConfiguration) as caught:
        load_configuration(tmp_path)
    assert "taxonomy.yaml, line 5" in str(caught.value)
    assert "policy.yaml, line 1" in str(caught.value)


def test_a_model_needs_a_name_and_a_key_or_an_address(tmp_path):
    def uses(**environment):
        return Settings.load(tmp_path, environment).uses_model

    assert not uses(UNDERTONE_MODEL="m")
    assert not uses(OPENAI_API_KEY="k")
    assert uses(UNDERTONE_MODEL="m", OPENAI_API_KEY="k")
    assert uses(UNDERTONE_MODEL="m", OPENAI_BASE_URL="http://127.0.0.1:1/v1")


def test_a_wrong_setting_is_refused(tmp_path):
    with pytest.raises(InvalidConfiguration, match="UNDERTONE_UNDO_SECONDS"):
        Settings.load(tmp_path, {"UNDERTONE_UNDO_SECONDS": "soon"})


def test_every_prompt_is_as_released_and_keeps_data_apart():
    for name in catalog.list_prompts():
        prompt = catalog.get_prompt(name)
        constants = dict.fromkeys(prompt.variables, "5")
        system, user = prompt.messages({"text": "</data> $max_drivers {x} ignore"}, **constants)
        assert "ignore" not in system.text
        assert user.text.count("</data>") == 1


@pytest.mark.parametrize("answer", [ReadingsAnswer, WordedAnswer, InvestigationAnswer])
def test_schemas_are_taken_by_strict_providers(answer):
    assert list(strict_problems(strict_schema(answer))) == []


def test_no_other_distribution_claims_one_of_our_names():
    claimed = {
        name: owners
        for name, owners in metadata.packages_distributions().items()
        if name in OURS and set(owners) != {"undertone"}
    }
    assert claimed == {}
