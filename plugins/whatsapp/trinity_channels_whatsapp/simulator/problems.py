"""What Twilio answers when it refuses a request, and the texts of failures it reports later."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from trinity_channels.simulation import refusal_handlers

# HTTP status and text of errors that answer a request. https://www.twilio.com/docs/api/errors
REFUSALS = {
    20001: (400, "Invalid parameter: {detail}"),
    20003: (401, "Authenticate"),
    20007: (400, "Page size too large"),
    20009: (409, "Cannot delete this resource because it is still in progress"),
    20404: (404, "The requested resource {detail} was not found"),
    20422: (422, "Invalid parameter: {detail}"),
    20429: (429, "Too Many Requests"),
    20503: (503, "Service unavailable"),
    21211: (400, "The 'To' number {detail} is not a valid phone number."),
    21212: (400, "The 'From' number {detail} is not a valid phone number, shortcode, or alphanumeric sender ID."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (
        400,
        "The 'From' phone number {detail} is not a valid, message-capable Twilio phone number for your account.",
    ),
    21609: (400, "The 'StatusCallback' URL {detail} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21620: (400, "Invalid media URL(s)"),
    21623: (400, "Number of media files exceeds allowed limit"),
    21624: (400, "Invalid validity period value"),
    21626: (400, "The 'StatusCallback' URL {detail} is not valid: its host name contains an underscore."),
    21654: (400, "ContentSid is required when ContentVariables is given"),
    21655: (400, "The ContentSid {detail} is invalid"),
    21656: (400, "The ContentVariables parameter is invalid: it must be a JSON string"),
    21705: (400, "The Messaging Service Sid {detail} is invalid."),
    21910: (400, "Invalid From and To pair. From and To should be of the same channel"),
    30409: (409, "This message cannot be canceled"),
    35111: (400, "SendAt timestamp is missing"),
    35115: (400, "Scheduling does not support this timestamp"),
    35118: (400, "MessagingServiceSid is required to schedule a message"),
    35126: (400, "The ScheduleType value provided is not supported for this channel"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
    63031: (400, "Channels message cannot have same From and To"),
    63038: (429, "Account exceeded the 50 daily messages limit"),
}

# Status and text of failures that only a status callback reports.
# https://www.twilio.com/docs/whatsapp/tutorial/error-codes
FAILURES = {
    30002: ("failed", "Account suspended"),
    63003: ("undelivered", "Channel could not find To address"),
    63013: ("undelivered", "Channel policy violation"),
    63015: ("failed", "Channel Sandbox can only send messages to phone numbers that have joined the Sandbox"),
    63016: (
        "undelivered",
        "Failed to send freeform message because you are outside the allowed window. Please use a Message Template.",
    ),
    63018: ("failed", "Rate limit exceeded for Channel"),
    63021: ("failed", "Channel invalid content error"),
    63040: ("undelivered", "Template rejected"),
    63041: ("undelivered", "Template paused"),
    63042: ("undelivered", "Template disabled"),
}
UNKNOWN_FAILURE = ("undelivered", "Unknown error")


class Problem(Exception):
    """A refused request, by Twilio's code; `detail` fills the code's text."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def answer(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    """The refusal in Twilio's own shape."""
    status, text = REFUSALS[problem.code]
    return JSONResponse(
        {
            "code": problem.code,
            "message": text.format(detail=problem.detail),
            "more_info": f"https://www.twilio.com/docs/errors/{problem.code}",
            "status": status,
        },
        status_code=status,
        headers=headers,
    )


def handlers() -> dict[Any, Any]:
    """How Starlette answers refusals, those of unknown paths and methods too."""
    return refusal_handlers(Problem, answer, lambda request: Problem(20404, request.url.path))
