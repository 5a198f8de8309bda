"""Flex: its configuration, read only (reference: section 3)."""

from typing import Any

from bot.sandbox.twilio.endpoint import Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.wire import Text, iso_8601


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [Endpoint("flex-api", "GET", "/v1/Configuration", fetch, (Text(name="UiVersion"),))]


class FlexInstance(Record):
    """The account's Flex; `sid` (GO) is its instance. An account without one has no Flex."""

    chat_service_instance_sid: str
    messaging_service_instance_sid: str | None = None
    ui_version: str = "2.11.0"


def fetch(call: Call) -> Reply:
    flex = next(iter(call.ledger.table(FlexInstance)), None)
    if flex is None:
        raise call.missing()
    return Reply(200, _body(call.site, flex))


def _body(site: Site, flex: FlexInstance) -> dict[str, Any]:
    """The configuration as the API shows it; what has nothing to do with messages is empty."""
    objects = (
        "attributes taskrouter_worker_channels taskrouter_worker_attributes ui_attributes ui_dependencies "
        "crm_attributes public_attributes plugin_service_attributes outbound_call_flows queue_stats_configuration "
        "notifications markdown flex_insights_hr debugger_integration flex_ui_status_report agent_conv_end_methods "
        "citrix_voice_vdi offline_config"
    )
    nothing = (
        "taskrouter_workspace_sid taskrouter_target_workflow_sid taskrouter_target_taskqueue_sid "
        "taskrouter_offline_activity_sid call_recording_webhook_url crm_type crm_callback_url crm_fallback_url flex_url"
    )
    lists = "taskrouter_taskqueues taskrouter_skills integrations serverless_service_sids channel_configs"
    no = "call_recording_enabled crm_enabled plugin_service_enabled flex_insights_drilldown"
    return {
        **{name: {} for name in objects.split()},
        **dict.fromkeys(nothing.split()),
        **{name: [] for name in lists.split()},
        **dict.fromkeys(no.split(), False),
        "account_sid": site.account_sid,
        "date_created": iso_8601(flex.date_created),
        "date_updated": iso_8601(flex.date_updated),
        "status": "ok",
        "runtime_domain": "https://flex.twilio.com",
        "messaging_service_instance_sid": flex.messaging_service_instance_sid,
        "chat_service_instance_sid": flex.chat_service_instance_sid,
        "flex_service_instance_sid": flex.chat_service_instance_sid,
        "flex_instance_sid": flex.sid,
        "ui_language": "en",
        "ui_version": flex.ui_version,
        "service_version": None,
        "url": site.url("flex-api", "/v1/Configuration"),
    }
