"""Instruments: treaties and commitments by short name, with the titles and nicknames that texts use.

Titles follow the UN Treaty Collection. Look-ups are exact after normalisation and never fuzzy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from watcher.model.subjects import normal_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Instrument:
    """One treaty. `names` are all spellings, the common name first.

    `resolutions` are the numbers of the yearly resolutions of the UN General Assembly on it, "51/45 S".
    """

    code: str
    names: tuple[str, ...]
    resolutions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The common name."""
        return self.names[0]


_MBT_TITLE = (
    "Convention on the Prohibition of the Use, Stockpiling, Production and Transfer of {} Mines and on {} Destruction"
)
_CCW_TITLE = (
    "Convention on Prohibitions or Restrictions on the Use of Certain Conventional Weapons "
    "{} May Be Deemed to Be Excessively Injurious or to Have Indiscriminate Effects"
)
_MBT_RESOLUTIONS = (
    "51/45 S, 52/38 A, 53/77 N, 54/54 B, 55/33 V, 56/24 M, 57/74, 58/53, 59/84, 60/80, 61/84, 62/41, "
    "63/42, 64/56, 65/48, 66/29, 67/32, 68/30, 69/34, 70/55, 71/34, 72/53, 73/61, 74/61"
)
_CCM_RESOLUTIONS = "70/54, 71/45, 72/54, 73/54, 74/62"
_CWC_TITLE = "Convention on the Prohibition of the Development, Production, Stockpiling and Use of Chemical Weapons"
_BWC_TITLE = (
    "Convention on the Prohibition of the Development, Production and Stockpiling of Bacteriological "
    "(Biological) and Toxin Weapons"
)

INSTRUMENTS: tuple[Instrument, ...] = (
    Instrument(
        code="MBT",
        names=(
            "Mine Ban Treaty",
            "Mine Ban Convention",
            "Anti-Personnel Mine Ban Convention",
            "Anti-Personnel Landmine Ban Convention",
            "Antipersonnel Mine Ban Convention",
            "Antipersonnel Mine Ban Treaty",
            "Antipersonnel Landmines Convention",
            "Antipersonnel Mines Convention",
            "Anti-Personnel Mines Convention",
            "Anti-Personnel Landmines Convention",
            "Landmine Treaty",
            "Landmines Treaty",
            "Landmine Convention",
            "Landmines Convention",
            "Mine Treaty",
            "Ottawa Convention",
            "Ottawa Treaty",
            "Ottawa Landmine Treaty",
            "Ottawa Agreement",
            "Ottawa Accord",
            "Ottawa Accords",
            "Ottawa Mine Ban Treaty",
            "Ottawa Mine Ban Convention",
            "Ottawa Convention on Landmines",
            "Anti-Personnel Mine Ban Treaty",
            "Anti-Personnel Mines Ban Convention",
            "Anti-Personnel Mine Convention",
            "Anti-Personnel Mine Treaty",
            "Landmine Ban Treaty",
            "Landmine Ban Convention",
            "Land Mine Treaty",
            "Land Mine Ban Treaty",
            "AP Mine Ban Convention",
            "APMBC",
            "MBT",
            "Convention d'Ottawa",
            "Traité d'Ottawa",
            "Convención de Ottawa",
            "Tratado de Ottawa",
            "Оттавская конвенция",
            "Оттавской конвенции",
            "Оттавскую конвенцию",
            "Оттавский договор",
            *(
                _MBT_TITLE.format(mines, whose)
                for mines in ("Anti-Personnel", "Antipersonnel")
                for whose in ("Their", "Its")
            ),
            "Convention on the Prohibition of Anti-Personnel Mines and on Their Destruction",
            "Convention on the Prohibition of the Use, Stockpiling",
        ),
        resolutions=tuple(_MBT_RESOLUTIONS.split(", ")),
    ),
    Instrument(
        code="CCM",
        names=(
            "Convention on Cluster Munitions",
            "Cluster Munitions Convention",
            "Cluster Munition Convention",
            "Oslo Convention",
            "Oslo Treaty",
            "Cluster Munitions Treaty",
            "Cluster Munition Treaty",
            "Cluster Bomb Treaty",
            "Cluster Bombs Treaty",
            "Cluster Bomb Convention",
            "Cluster Bomb Ban",
            "CCM",
            "Convention sur les armes à sous-munitions",
            "Convención sobre Municiones en Racimo",
            "Конвенция по кассетным боеприпасам",
            "Конвенции по кассетным боеприпасам",
        ),
        resolutions=tuple(_CCM_RESOLUTIONS.split(", ")),
    ),
    Instrument(
        code="APII",
        names=(
            "Amended Protocol II",
            "Amended Protocol II to the CCW",
            "Amended Protocol II to the Convention on Certain Conventional Weapons",
            "CCW Amended Protocol II",
            "CCW Protocol II",
            "CCW AP II",
            "CCW APII",
            "AP II",
            "APII",
            "Amended Protocol II (AP II)",
            "Amended Mines Protocol",
            "Amended Landmine Protocol",
            "Protocol II as amended",
            "Protocol on Prohibitions or Restrictions on the Use of Mines, Booby-Traps and Other Devices",
        ),
    ),
    Instrument(
        code="CCW",
        names=(
            "Convention on Certain Conventional Weapons",
            "Convention on Conventional Weapons",
            "Conventional Weapons Convention",
            "Inhumane Weapons Convention",
            "Convention on Inhumane Weapons",
            "CCW",
            "CCWC",
            "CCW Convention",
            *(_CCW_TITLE.format(which) for which in ("Which", "That")),
            "Convention on Prohibitions or Restrictions on the Use of Certain Conventional Weapons",
            "Convention on Prohibitions or Restrictions on the Use of Conventional Weapons",
            "Convention sur certaines armes classiques",
            "Convención sobre ciertas armas convencionales",
            "Конвенция о конкретных видах обычного оружия",
        ),
    ),
    Instrument(code="CCWPV", names=("Protocol V", "Protocol on Explosive Remnants of War")),
    Instrument(code="CCWPIV", names=("Protocol IV", "Protocol on Blinding Laser Weapons")),
    Instrument(code="CWC", names=("Chemical Weapons Convention", "CWC", _CWC_TITLE)),
    Instrument(
        code="BWC",
        names=("Biological Weapons Convention", "Biological and Toxin Weapons Convention", "BWC", "BTWC", _BWC_TITLE),
    ),
    Instrument(
        code="NPT",
        names=(
            "Treaty on the Non-Proliferation of Nuclear Weapons",
            "Nuclear Non-Proliferation Treaty",
            "Non-Proliferation Treaty",
            "NPT",
        ),
    ),
    Instrument(
        code="CTBT",
        names=(
            "Comprehensive Nuclear-Test-Ban Treaty",
            "Comprehensive Nuclear Test Ban Treaty",
            "Comprehensive Test-Ban Treaty",
            "CTBT",
        ),
    ),
    Instrument(code="TPNW", names=("Treaty on the Prohibition of Nuclear Weapons", "TPNW")),
    Instrument(code="ATT", names=("Arms Trade Treaty", "ATT")),
    Instrument(code="CRPD", names=("Convention on the Rights of Persons with Disabilities", "CRPD")),
    Instrument(code="ROME", names=("Rome Statute of the International Criminal Court", "Rome Statute")),
    Instrument(code="CFE", names=("Treaty on Conventional Armed Forces in Europe", "CFE Treaty")),
)

_BY_CODE: dict[str, Instrument] = {instrument.code: instrument for instrument in INSTRUMENTS}


@cache
def _codes_by_name() -> dict[str, str]:
    codes = {instrument.code.casefold(): instrument.code for instrument in INSTRUMENTS}
    for instrument in INSTRUMENTS:
        for name in instrument.names:
            codes[normal_name(name)] = instrument.code
    return codes


def instrument_of(name: str) -> str | None:
    """The code of the Instrument whose title, nickname or code this is; None when there is none."""
    return _codes_by_name().get(normal_name(name))


def instrument_names(code: str) -> tuple[str, ...]:
    """Every name of an Instrument, common name first; empty for an unknown code."""
    instrument = _BY_CODE.get(code)
    return instrument.names if instrument else ()


def instrument_resolutions(code: str) -> tuple[str, ...]:
    """The numbers of the UN General Assembly's resolutions on an Instrument; empty for an unknown code."""
    instrument = _BY_CODE.get(code)
    return instrument.resolutions if instrument else ()
