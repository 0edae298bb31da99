# SPDX-License-Identifier: Apache-2.0
"""The same failures, rules and panels as in test_outages.py on the stack of test_stores.py."""

import pytest

import test_outages as outages
from backends import wait_for
from journey import Failures, backends_down_for_a_minute, collector_killed_with_a_full_queue, lines_arrived
from telemetry import Sender
from test_stores import about, own_templates, stack  # noqa: F401 (fixtures)

FAILURES = [backends_down_for_a_minute, collector_killed_with_a_full_queue]


@pytest.fixture(scope="module")
def failures(stack) -> Failures:  # noqa: F811
    return Failures(stack, FAILURES)


@pytest.fixture(scope="module", ids=lambda failure: failure.__name__, params=FAILURES)
def sent(request, failures):
    return failures.sent_in(request.param)


after_failures = outages.after_failures
test_no_trace_is_lost = outages.test_no_trace_is_lost
test_no_point_is_lost = outages.test_no_point_is_lost
test_no_line_is_lost = outages.test_no_line_is_lost
test_rules_select_series_that_exist = outages.test_rules_select_series_that_exist
test_every_panel_shows_data = outages.test_every_panel_shows_data
test_dashboard_variables_offer_values = outages.test_dashboard_variables_offer_values


def test_alert_tells_of_a_record_that_is_dropped(stack, logs, service):  # noqa: F811
    """The sender is told that it is stored; only the alert's reading of VictoriaLogs' own log tells. The collector cuts
    such bodies, so this one comes from a sender of its own."""
    Sender("http", f"{logs.url}/insert/opentelemetry").logs(service, ["x" * 2_100_000, "short enough"])
    lines_arrived(stack, service, ["short enough"])
    fires = 'ALERTS{alertname="VictoriaLogsRecordTooLarge",alertstate="firing"}'
    wait_for(lambda: stack.prometheus().query(fires), 60, fires)
