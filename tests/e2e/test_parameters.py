"""Parameters that do nothing without another are told at the start."""

from pathlib import Path

import pytest

from tests.e2e.product import Product


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("JwtIssuers=https://id.example.com", "JwtIssuers needs JwtAudiences"),
        ("PushKafkaSubnets=subnet-1,subnet-2", "PushKafkaSubnets needs PushKafkaSecurityGroup"),
    ],
)
def test_what_is_given_by_half_is_told_at_the_start_and_not_by_the_first_use(
    tmp_path: Path, given: str, wanted: str
) -> None:
    product = Product(tmp_path / "data", ["--no-reload", "--parameter-overrides", given])
    assert product.run() == 1
    assert wanted in product.said[-1]
