"""An application that people reach from messengers: `uvicorn examples.fastapi_app:app`.

Its pages are at /channels; sign in there with the token that the first start shows.
"""

from fastapi import FastAPI

from trinity_channels.agents.port import AgentTurn
from trinity_channels.app import Ports, mount_channels
from trinity_channels.settings import Settings


class Agents:
    async def run(self, turn: AgentTurn) -> str:
        """Answer in Markdown; here you would ask your model."""
        return f"You wrote: {turn.messages[-1].text}"


app = FastAPI()
settings = Settings.load(agents={"support": {"owner": "you@example.org", "runtime": "echo"}})
channels = mount_channels(app, Ports(agents=Agents()), settings)


@app.get("/hello")
async def hello() -> str:
    return "The application's own routes stay as they are."
