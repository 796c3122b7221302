"""All people on the network, and whom a business reaches at an address."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_channels_whatsapp.simulator.accounts import Account
from trinity_channels_whatsapp.simulator.phones import Phone
from trinity_channels_whatsapp.simulator.sids import PREFIX

# Area codes for invented numbers; 555-0100 to 555-0199 exist in none of them, and those are given out first.
AREAS = (202, 212, 303, 312, 415, 512, 617, 702, 808, 916)


class People:
    """All people on the network, by name, by number, and by the ids that businesses know them under."""

    def __init__(self) -> None:
        self._by_name: dict[str, Phone] = {}
        self._by_number: dict[str, Phone] = {}
        self._by_user_id: dict[tuple[str, str], Phone] = {}

    def __iter__(self) -> Iterator[Phone]:
        return iter(self._by_name.values())

    def named(self, name: str) -> Phone | None:
        return self._by_name.get(name)

    def add(self, phone: Phone) -> None:
        """Raises ValueError if another person has the number."""
        if phone.number in self._by_number:
            raise ValueError(f"{phone.number} belongs to {self._by_number[phone.number].name}")
        self._by_name[phone.name] = phone
        self._by_number[phone.number] = phone

    def free_number(self) -> str:
        serial = len(self._by_name)
        while True:
            number = f"+1{AREAS[serial % len(AREAS)]}555{100 + serial // len(AREAS):04d}"
            if number not in self._by_number:
                return number
            serial += 1

    def disclose(self, phone: Phone, account: Account) -> str:
        """Tell `account` the id of `phone`; from now on it can be written to."""
        user_id = phone.user_id(account)
        self._by_user_id[account.sid, user_id] = phone
        return user_id

    def find(self, account: Account, address: str) -> Phone | None:
        """Whom `account` reaches at `address`."""
        bare = address.removeprefix(PREFIX)
        found = self._by_number.get(bare) or self._by_user_id.get((account.sid, bare))
        # Ids that were disclosed before a change of number stay in the index, but reach no one.
        return found if found is not None and bare in {found.number, found.user_id(account)} else None

    def change_number(self, phone: Phone, number: str) -> None:
        """A person moves to another number, and so to another user id; the old ones reach no one."""
        del self._by_number[phone.number]
        phone.moves_to(number)
        self._by_number[number] = phone
