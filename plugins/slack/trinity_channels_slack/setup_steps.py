"""What an owner does at api.slack.com and in Slack, in order: the secrets are stored before Slack calls our URL."""

from __future__ import annotations

from trinity_channels.api import SetupStep
from trinity_channels_slack.app import CREATE_LINK, EVENTS, SOCKET_MODE_LINK

_REQUEST_URL = ("api.slack.com/apps", "your app", "Event Subscriptions", "Request URL")
REQUEST_URL = " → ".join(_REQUEST_URL)

SETUP_STEPS = (
    SetupStep(
        "Create the app",
        f"Open {CREATE_LINK} and choose the workspace. The link fills in the scopes and switches direct messages on;"
        " change the name to your agent's. Leave token rotation off: it cannot be undone.",
        only="webhook",
    ),
    SetupStep(
        "Create the app",
        f"Open {SOCKET_MODE_LINK} and choose the workspace. The link fills in the scopes and the events, and switches direct"
        " messages and Socket Mode on; change the name to your agent's. Leave token rotation off: it cannot be undone. In an"
        " app that you have already, switch Socket Mode on, and under Event Subscriptions subscribe to the bot events"
        f" {', '.join(EVENTS)}.",
        only="listen",
    ),
    SetupStep(
        "Install it",
        "Then copy the Bot User OAuth Token, which starts with xoxb-.",
        path=("api.slack.com/apps", "your app", "OAuth & Permissions", "Install to Workspace"),
    ),
    SetupStep(
        "Copy the Signing Secret",
        "Copy what is shown; it is neither the Client Secret nor the Verification Token.",
        path=("api.slack.com/apps", "your app", "Basic Information", "App Credentials", "Signing Secret", "Show"),
        only="webhook",
    ),
    SetupStep(
        "Generate an app-level token",
        "Add the scope connections:write, and copy the token, which starts with xapp-.",
        path=("api.slack.com/apps", "your app", "Basic Information", "App-Level Tokens", "Generate Token and Scopes"),
        only="listen",
    ),
    SetupStep(
        "Connect",
        "Enter both here and connect. The webhook URL appears once a Public Chat URL is set.",
        only="webhook",
    ),
    SetupStep(
        "Connect",
        "Enter both tokens here and connect. Use each app with one host only: Slack gives each message to one of an app's"
        " connections.",
        only="listen",
    ),
    SetupStep(
        "Point Slack here",
        'Switch "Enable Events" on, paste the webhook URL, and wait for "Verified". Under "Subscribe to bot events" add'
        f' {", ".join(EVENTS)}; save, and reinstall if Slack asks for it. With "Delayed Events" switched on, Slack also'
        " repeats for 24 hours what did not get through. If something else posts buttons or forms with the app's token,"
        ' switch "Interactivity & Shortcuts" on with the same URL: then the agent receives what people press.',
        connected=True,
        path=_REQUEST_URL,
        only="webhook",
    ),
    SetupStep(
        "Write to it",
        "In Slack, find the app under Apps and send it a direct message. In channels, /invite it first; there it answers"
        " those who mention it, in a thread. Mention it each time, also in a thread in which it has answered.",
        connected=True,
    ),
)
