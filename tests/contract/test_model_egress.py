"""What leaves the machine goes to the configured address, and nowhere else."""

from __future__ import annotations

import os

import pytest

from tests.model_server import called, is_final, said, scripted_server
from tests.model_world import OneCase, an_inquiry, records, seats, table

pytestmark = pytest.mark.contract

CAUSE = {"attribute": "carrier", "value": "NordPost"}


def analyst(request):
    if is_final(request):
        return said({"verdict": "unknown", "hypotheses": [], "next_check": ""})
    if any(one["role"] == "tool" for one in request["messages"]):
        return said("enough")
    return called(("compare_cohorts", {"values": [CAUSE]}))


@pytest.fixture
def hostile_environment(monkeypatch):
    """Variables of the libraries that would send prompts elsewhere; put back afterwards."""

    def point(url):
        for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
            monkeypatch.setenv(name, "true")
        for name in (
            "LANGSMITH_ENDPOINT",
            "LANGCHAIN_ENDPOINT",
            "LANGSMITH_GATEWAY",
            "OPENAI_API_BASE",
            "OPENAI_BASE_URL",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "OPENAI_PROXY",
        ):
            monkeypatch.setenv(name, url)
        monkeypatch.setenv("LANGSMITH_API_KEY", "a-tracing-key")
        monkeypatch.setenv("OPENAI_ORG_ID", "somebody-else")
        monkeypatch.delenv("NO_PROXY", raising=False)

    return point


def test_tracing_proxies_and_gateways_in_the_environment_get_nothing(hostile_environment):
    facts = records()
    with scripted_server(lambda request: said("{}")) as sink, scripted_server(analyst) as log:
        hostile_environment(sink.url)
        seats(log.url).investigator.investigate(
            an_inquiry(facts), facts=table(facts), recall=OneCase()
        )
        from langchain_core.tracers.langchain import wait_for_all_tracers

        wait_for_all_tracers()

    assert len(log.requests) == 3
    assert log.paths == ["/v1/chat/completions"] * 3
    assert sink.requests == []
    assert "openai-organization" not in log.headers[0]
    assert "LANGSMITH_GATEWAY" not in os.environ
