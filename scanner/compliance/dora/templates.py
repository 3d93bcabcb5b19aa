"""The templates of the register of information and their columns.

Commission Implementing Regulation (EU) 2024/2956, Annex I, with the corrigendum 2025/90725 that renumbered B_06.01. The
codes were read in public implementations of the European Banking Authority's annotated table layout (DPM 4.0), not in
the Official Journal: whoever files a register checks them there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

LEI: Final = "No infrastructure file holds a legal entity identifier or another official code."
CONTRACT: Final = "No infrastructure file holds a contract, its number, dates, terms or price."
ENTITY: Final = "The files do not describe the financial entity and its group."
JUDGEMENT: Final = "It is for the financial entity to assess."
LAW: Final = "The files tell where things run, not where a company is registered or which law applies."


class Template(Struct, frozen=True):
    """A template of the register: ``filled`` columns (code → name), and ``empty`` ones with the reason."""

    code: str
    name: str
    filled: Mapping[str, str]
    empty: Mapping[str, tuple[str, str]]

    @property
    def id(self) -> str:
        """The id of its section."""
        return "register-" + self.code.lower().replace("_", "-").replace(".", "-")


CONTRACTS: Final = Template(
    "B_02.02",
    "Contractual arrangements: specific information",
    {
        "0050": "Function identifier",
        "0130": "Country of provision of the ICT services",
        "0140": "Storage of data",
        "0150": "Location of the data at rest",
        "0160": "Location of management of the data",
    },
    {
        "0010": ("Contractual arrangement reference number", CONTRACT),
        "0020": ("LEI of the entity making use of the ICT services", ENTITY),
        "0030": ("Identification code of the provider", LEI),
        "0040": ("Type of that code", LEI),
        "0060": ("Type of ICT services", "It is told per provider in B_05.02."),
        "0070": ("Start date", CONTRACT),
        "0080": ("End date", CONTRACT),
        "0090": ("Reason of termination", CONTRACT),
        "0100": ("Notice period of the entity", CONTRACT),
        "0110": ("Notice period of the provider", CONTRACT),
        "0120": ("Country of the governing law", LAW),
        "0170": ("Sensitiveness of the data stored", JUDGEMENT),
        "0180": ("Level of reliance on the ICT service", JUDGEMENT),
    },
)
PROVIDERS: Final = Template(
    "B_05.01",
    "ICT third-party service providers",
    {"0050": "Name of the provider", "0060": "Name in the Latin alphabet"},
    {
        "0010": ("Identification code", LEI),
        "0020": ("Type of that code", LEI),
        "0030": ("Additional identification code", LEI),
        "0040": ("Type of the additional code", LEI),
        "0070": ("Type of person", LAW),
        "0080": ("Country of the headquarters", LAW),
        "0090": ("Currency", CONTRACT),
        "0100": ("Total annual expense", CONTRACT),
        "0110": ("Identification code of the ultimate parent", LEI),
        "0120": ("Type of that code", LEI),
    },
)
SUPPLY: Final = Template(
    "B_05.02",
    "ICT service supply chains",
    {"0020": "Type of ICT services", "0050": "Rank"},
    {
        "0010": ("Contractual arrangement reference number", CONTRACT),
        "0030": ("Identification code of the provider", LEI),
        "0040": ("Type of that code", LEI),
        "0060": ("Identification code of the recipient of subcontracted services", LEI),
        "0070": ("Type of that code", LEI),
    },
)
FUNCTIONS: Final = Template(
    "B_06.01",
    "Functions identification",
    {"0010": "Function identifier", "0030": "Function name", "0050": "Criticality or importance assessment"},
    {
        "0020": ("Licensed activity", ENTITY),
        "0040": ("LEI of the financial entity", ENTITY),
        "0060": ("Reasons for criticality or importance", JUDGEMENT),
        "0070": ("Date of the last assessment of criticality", JUDGEMENT),
        "0080": ("Recovery time objective", "Objectives are decisions; the files hold none."),
        "0090": ("Recovery point objective", "Objectives are decisions; the files hold none."),
        "0100": ("Impact of discontinuing the function", JUDGEMENT),
    },
)
ASSESSMENT: Final = Template(
    "B_07.01",
    "Assessment of the ICT services",
    {
        "0040": "Type of ICT services",
        "0050": "Substitutability of the provider",
        "0110": "Alternative providers identified",
        "0120": "Identification of alternatives",
    },
    {
        "0010": ("Contractual arrangement reference number", CONTRACT),
        "0020": ("Identification code of the provider", LEI),
        "0030": ("Type of that code", LEI),
        "0060": ("Reason if not or hardly substitutable", JUDGEMENT),
        "0070": ("Date of the last audit", "Audits are not in the files."),
        "0080": (
            "Existence of an exit plan",
            "Plans are not in the files; what could carry one is in the tables above.",
        ),
        "0090": ("Possibility of reintegration", JUDGEMENT),
        "0100": ("Impact of discontinuing the ICT services", JUDGEMENT),
    },
)
FILLED: Final = (CONTRACTS, PROVIDERS, SUPPLY, FUNCTIONS, ASSESSMENT)

UNFILLED: Final[Mapping[str, tuple[str, str]]] = {
    "B_01.01": ("Entity maintaining the register", ENTITY),
    "B_01.02": ("Entities within the scope of consolidation", ENTITY),
    "B_01.03": ("Branches", ENTITY),
    "B_02.01": ("Contractual arrangements: general information", CONTRACT),
    "B_02.03": ("Intra-group contractual arrangements", CONTRACT),
    "B_03.01": ("Entities that sign to receive ICT services", CONTRACT),
    "B_03.02": ("Providers that sign", CONTRACT),
    "B_03.03": ("Entities that sign to provide ICT services", CONTRACT),
    "B_04.01": ("Entities making use of the ICT services", ENTITY),
    "B_99.01": ("Definitions used by the entity", JUDGEMENT),
}
"""Templates of which no column can be filled, with the reason."""
