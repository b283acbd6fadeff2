"""ISO 3166-1 alpha-2 codes of States (ISO 3166-1:2020), and their names as addresses write them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from watcher.model.subjects import name_of

# alpha-3 with its alpha-2 where the latter is not simply its first two letters.
_IRREGULAR = """
AGO:AO AND:AD ARE:AE ARM:AM ATG:AG AUT:AT BDI:BI BEN:BJ BGD:BD BHS:BS BIH:BA BLR:BY BLZ:BZ BRB:BB BRN:BN CAF:CF
CHL:CL CHN:CN CIV:CI CMR:CM COD:CD COG:CG COK:CK COM:KM CPV:CV DNK:DK EST:EE FSM:FM GIN:GN GNB:GW GNQ:GQ GRD:GD
GUY:GY IRL:IE IRQ:IQ ISR:IL JAM:JM KAZ:KZ KOR:KR LBN:LB LBR:LR LBY:LY LCA:LC LIE:LI LKA:LK LSO:LS LTU:LT MDA:MD
MDG:MG MDV:MV MEX:MX MKD:MK MLI:ML MLT:MT MNE:ME MNG:MN MOZ:MZ MRT:MR MUS:MU MWI:MW MYS:MY NER:NE NIU:NU PAK:PK PLW:PW
PNG:PG POL:PL PRK:KP PRT:PT PRY:PY PSE:PS SEN:SN SLB:SB SLV:SV SRB:RS STP:ST SUR:SR SVK:SK SVN:SI SWE:SE SWZ:SZ
SYC:SC TCD:TD TKM:TM TUN:TN TUR:TR TUV:TV UKR:UA URY:UY
"""
_APOSTROPHES = re.compile(r"['’‘ʼ`´]")


@cache
def _irregular() -> dict[str, str]:
    return {code[:3]: code[4:] for code in _IRREGULAR.split()}


def alpha2(alpha3: str) -> str:
    """The alpha-2 code of a State's alpha-3 code, in capitals."""
    return _irregular().get(alpha3, alpha3[:2])


def name_in_address(alpha3: str) -> str:
    """A State's short name as addresses write it: "cote-divoire", "bosnia-and-herzegovina"."""
    folded = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", name_of(alpha3)))
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))
