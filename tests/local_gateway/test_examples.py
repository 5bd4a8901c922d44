"""An example beside the page: what is served, and what the functions get."""

from pathlib import Path

import pytest

from local_gateway.cli import read_settings
from local_gateway.errors import StartupError
from local_gateway.example import Example, open_example
from local_gateway.http import page


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    (tmp_path / "shop/page").mkdir(parents=True)
    (tmp_path / "shop/src").mkdir()
    (tmp_path / "shop/parameters").write_text("BotClass=shop.bot:Shop\nBotPushes=enabled\n")
    (tmp_path / "plain/page").mkdir(parents=True)
    return tmp_path


def test_an_example_has_a_page_and_may_have_code_and_parameters(examples: Path) -> None:
    assert open_example("plain", examples) == Example("plain", examples / "plain/page")
    shop = open_example("shop", examples)
    assert shop.code_dir == examples / "shop/src"
    assert shop.parameters == {"BotClass": "shop.bot:Shop", "BotPushes": "enabled"}


@pytest.mark.parametrize("name", ["absent", "..", "shop/page", "../shop"])
def test_what_is_no_example_does_not_start(examples: Path, name: str) -> None:
    with pytest.raises(StartupError, match="plain, shop"):
        open_example(name, examples)


def test_given_parameters_go_before_those_of_the_example() -> None:
    settings = read_settings(
        ["--example", "support-inbox", "--parameter-overrides", "BotSettings=Ben=user:i:b"], {}
    )
    assert settings.overrides["BotSettings"] == "Ben=user:i:b"
    assert settings.overrides["BotPushes"] == "enabled"
    assert read_settings([], {}).example is None


def test_nothing_but_the_examples_page_is_served(examples: Path) -> None:
    (examples / "shop/src/secret.py").write_text("secret")
    (examples / "shop/page/index.html").write_text("a shop")
    root = examples / "shop/page"
    assert page.find(root, "/") == root / "index.html"
    assert page.find(root, "/../src/secret.py") is None
    assert page.find(root, "/%2e%2e/src/secret.py") is None
