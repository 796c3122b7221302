"""Every sentence that the host itself says to a person. None of them carries an error of an agent or a provider."""

from __future__ import annotations

LOGIN_PROMPT = (
    "This agent only talks to people with a verified e-mail address.\n"
    "Send /login you@example.com and I will mail you a code. What you have written is kept and answered afterwards."
)
LOGIN_CLOSED = (
    "This agent only talks to people with a verified e-mail address, and signing in by e-mail is not set up here yet. "
    "The owner of this agent can change that. What you have written is kept."
)
LOGIN_AGAIN = (
    "You are signed out, and this agent only talks to people with a verified e-mail address.\n"
    "Send /login to sign in with the address that {channel} knows, or /login you@example.com to get a code by e-mail. "
    "What you have written is kept and answered afterwards."
)
GROUP_HINT = "I answer people who are signed in. Please write to me in a direct chat first."
GROUP_COMMAND = "I answer commands only in a direct chat with me. Please send it there."
LOGIN_USAGE = "Send /login you@example.com to get a code by e-mail, then send the code from the mail here."
CODE_SENT = "I have mailed a code of six digits to {email}. Send it here within 10 minutes."
CODE_SENT_ABROAD = (
    "I have mailed a code of six digits to {email}. This address has letters beyond a to z: check that it is yours. "
    "Send the code here within 10 minutes."
)
CODE_STILL_WORKS = (
    "The code of six digits that I mailed to {email} still works for {minutes} minutes. Send it here. If no mail has come, "
    "look in the spam folder, or ask again after that."
)
EMAIL_LOCKED = "There were too many wrong codes for {email}. You can use it again in {hours} hours."
AWAITING_CODE = (
    "I am waiting for the code of six digits that I mailed to {email}. Send it here, or /login you@example.com to use "
    "another address. What you have written is kept and answered afterwards."
)
CODE_NOT_MAILED = "The mail to {email} could not be sent. Check the address, or try again in a few minutes."
NO_MAILER = "Signing in by e-mail is not set up here yet. The owner of this agent can change that."
TOO_MANY_CODES = "That was a lot of codes. Please try again in {minutes} minutes."
BAD_EMAIL = "That does not look like an e-mail address. Send /login you@example.com."
WHICH_EMAIL = "I see more than one address: {emails}. Send /login with the one that you want to sign in with."
DECEPTIVE_EMAIL = (
    "This address mixes letters of different alphabets that look alike. Type it again with one keyboard, such as "
    "/login you@example.com."
)
NO_CODE = "There is no code to confirm. Send /login you@example.com to get one."
CODE_EXPIRED = "This code has expired. Send /login you@example.com to get a new one."
WRONG_CODE = "That is not the code from the mail. Tries left: {left}."
WRONG_CODE_LAST = (
    "That is not the code from the mail, and it no longer works. Send /login you@example.com to get a new one."
)
WRONG_CODE_LOCKED = "There were too many wrong codes for {email}. You can use it again in 24 hours."
VERIFIED = "You are signed in as {email}."
VERIFIED_PENDING = (
    "You are signed in as {email}. The owner has been asked to let you talk to this agent; I will tell you."
)
VERIFIED_DENIED = "You are signed in as {email}. The owner has declined your request; you can ask again after 24 hours."
PENDING = "The owner of this agent has been asked to let you in. I will tell you as soon as they have decided."
DENIED_BEFORE = "The owner has declined your request. You can ask again after 24 hours."
APPROVED = "The owner has let you in: you can talk to this agent now."
DENIED = "The owner has declined your request to talk to this agent. You can ask again after 24 hours."
LOGGED_OUT = "You are signed out. Send /login you@example.com to sign in again."
NOT_LOGGED_IN = "You are not signed in. Send /login you@example.com to verify your e-mail address."
LOGGED_OUT_VOUCHED = "You are signed out. Send /login to sign in again."
WHOAMI = "You are signed in as {email}."
WHOAMI_CODE = "Verified with a mailed code on {since}. It ends after {days} days without a message from you."
WHOAMI_PROVIDER = "{channel} vouches for it since {since}. It ends after {days} days without a message from you."
HELP = (
    "/login you@example.com mails you a code\n"
    "The code of six digits, sent here, signs you in\n"
    "/whoami shows your e-mail address\n"
    "/logout signs you out\n"
    "/human shows how to reach a person\n"
    "STOP and START turn messages that you did not ask for off and on"
)
HUMAN_BY_EMAIL = "To reach a person, write to {contact}."
HUMAN_BY_PHONE = "To reach a person, call {contact}."
HUMAN_BY_LINK = "To reach a person, go to {contact}"
NO_HUMAN = "The owner of this agent has not set up a way to reach a person yet."
STOPPED = (
    "You will get no more messages that you did not ask for. Send START to get them again; you can still write here."
)
STARTED = "You may get messages from this agent again. Send STOP to turn them off."
LAST_NOTICE = (
    "I can send only a few notes like this in an hour; this was the last for now. Commands and codes still work."
)
TOO_FAST = "You are sending messages faster than I can read them. Please wait a minute."
APOLOGY = "Sorry, I could not answer that. Please try again later."
DISCLOSURE = "I am an AI agent, not a person."
LATE_ANSWER = "This answers the message of {when}: “{words}”"
LATE_ANSWER_WORDLESS = "This answers the message of {when}."
LATE_DELIVERY = "This was written on {when} and could not be sent earlier."
TOO_LATE = (
    "Sorry, your message of {when} could not be answered in time: “{words}” Please write again if it still matters."
)
TOO_LATE_WORDLESS = (
    "Sorry, your message of {when} could not be answered in time. Please write again if it still matters."
)
CUT = "(This answer was cut off here.)"

MAIL_SUBJECT = "Your code for {agent} on {channel}"
MAIL_TEXT = (
    "Hello,\n\n"
    "A person who writes to the agent “{agent}” on {channel} wants to sign in with this e-mail address.\n\n"
    "The code is {code}\n\n"
    "To confirm, send it in the chat within 10 minutes, alone or like this:\n\n"
    "    /login {code}\n\n"
    "If that was not you, ignore this mail: without the code, signing in is not possible.\n"
)
DIGEST_SUBJECT = "{count} waiting to talk to {agent}"
DIGEST_FOREIGN = ". The address has letters beyond a to z: make sure that it is who you think."
DIGEST_OTHERS = "    … and {number} more"
DIGEST_LINKS = (
    "A link opens a page with two buttons, Approve and Decline. It needs no signing in, so do not forward this mail; it "
    "works once, within seven days.\n\n"
)
DIGEST_TEXT = (
    "Hello,\n\n"
    "These people would like to talk to your agent “{agent}”:\n\n"
    "{people}\n\n"
    "{how}"
    "On the host, `trinity-channels requests` lists all who are waiting, and `trinity-channels requests approve NUMBER` or "
    "`decline NUMBER` decides. If many people ask, these mails come less often.\n"
)
SIGN_IN_SUBJECT = "Sign in to Trinity Channels"
SIGN_IN_TEXT = (
    "Hello,\n\n"
    "This link signs you in to the pages of your agents. It works once, within 15 minutes:\n\n"
    "    {url}\n\n"
    "If you did not ask for it, ignore this mail, and do not forward it.\n"
)
ALERT_SUBJECT = "{agent} may not be reachable on {channel}"
ALERT_TEXT = (
    "Hello,\n\n"
    "Something is wrong with your agent “{agent}” on {channel}:\n\n"
    "{found}\n\n"
    "This alert is sent once. It ends automatically when the channel works again.\n"
)
