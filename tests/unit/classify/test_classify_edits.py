"""Edits of invented official prose with the grade that a reader gave each before any rule was run on it.

`MEANING`: who reads the new text knows, may or must something else than who read the old one. `WORDING`: the same is
said in another way, or something is said that binds nobody; it must stay under major. `NOISE`: nothing is said at all.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watcher.model.change import Judgement, Severity

Edited = Callable[..., Judgement]
FLOOR = 0.95

MEANING = (
    ("Patients must show a referral before admission.", "Patients may show a referral before admission."),
    (
        "Vaccination is offered to all pupils over the age of 12.",
        "Vaccination is offered to all pupils over the age of 14.",
    ),
    ("The clinic treats visitors free of charge.", "The clinic does not treat visitors free of charge."),
    (
        "The ministry will publish infection figures weekly.",
        "The ministry intends to publish infection figures weekly.",
    ),
    ("The medicine is sold only on prescription.", "The medicine is sold with or without prescription."),
    ("Importers must file the form within 30 days.", "Importers must file the form within 10 days."),
    ("Goods worth up to 150 euros enter duty-free.", "Goods worth up to 45 euros enter duty-free."),
    ("The tariff on steel was suspended in spring.", "The tariff on steel was restored in spring."),
    ("Officers may open parcels if the addressee is present.", "Officers may open parcels."),
    ("Imports of used tyres are permitted.", "Imports of used tyres are prohibited."),
    (
        "Citizens living abroad are entitled to vote by post.",
        "Citizens living abroad are not entitled to vote by post.",
    ),
    ("Polling stations close at 20:00 on election day.", "Polling stations close at 18:00 on election day."),
    ("Applications must be received by 1 March 2027.", "Applications must be received by 15 April 2027."),
    ("All candidates publish their donors.", "Some candidates publish their donors."),
    ("The commission has approved the new ballot paper.", "The commission has rejected the new ballot paper."),
    ("Observers from Ghana and Kenya were admitted to the count.", "Observers from Ghana were admitted to the count."),
    ("The grant covers at least 40 percent of the cost.", "The grant covers at most 40 percent of the cost."),
    ("The reserve fund was cut to 2 million dollars.", "The reserve fund was raised to 2 million dollars."),
    ("The levy is temporary.", "The levy is permanent."),
    ("Municipalities shall inspect the wells each year.", "Municipalities should inspect the wells each year."),
    ("The river water is safe for bathing.", "The river water is unsafe for bathing."),
    (
        "Farmers may draw water from the canal.",
        "Farmers may draw water from the canal unless a drought has been declared.",
    ),
    ("The dam was inspected and found sound.", "The dam was inspected and found sound, except for the eastern gate."),
    ("Households pay 3 euros per cubic metre.", "Households pay 3 dollars per cubic metre."),
    ("The ban on fishing ends on 30 June.", "The ban on fishing starts on 30 June."),
    ("The school completed the repair of its roof.", "The school is planning to complete the repair of its roof."),
    (
        "The subsidy will be paid to every household with two or more children.",
        "The subsidy will be paid to every household with three or more children.",
    ),
    (
        "The minister confirmed that the vaccine supply is sufficient for the winter.",
        "The minister denied that the vaccine supply is sufficient for the winter.",
    ),
    (
        "Residents of the valley were advised to boil tap water.",
        "Residents of the valley were ordered to boil tap water.",
    ),
    (
        "The new customs office in Arlow opens to the public in April.",
        "The new customs office in Arlow opens to the public in September.",
    ),
    ("Only registered voters may sign the petition.", "Any resident may sign the petition."),
    (
        "The parliament passed the budget on Tuesday after a short debate.",
        "The parliament voted down the budget on Tuesday after a short debate.",
    ),
    ("The agency is funded by the state and by member firms.", "The agency is funded by the state."),
    ("The hospital reported 14 deaths and 60 injuries.", "The hospital reported 60 deaths and 14 injuries."),
    (
        "Licences are valid for five years from the day of issue.",
        "Licences are valid for five months from the day of issue.",
    ),
    ("The court upheld the ban on lead pipes.", "The court struck down the ban on lead pipes."),
    ("Schools in the capital remain open.", "Schools in the capital remain closed."),
    (
        "The inspectors found evidence of fraud in nine districts.",
        "The inspectors found no evidence of fraud in nine districts.",
    ),
    (
        "The loan must be repaid in full before the end of the term.",
        "The loan can be repaid in part before the end of the term.",
    ),
    (
        "The law applies to companies with more than 50 employees.",
        "The law applies to companies with fewer than 50 employees.",
    ),
    (
        "The government has ended its talks with Norway on fishing quotas.",
        "The government has ended its talks with Iceland on fishing quotas.",
    ),
    ("The report will be made public.", "The report will be made public, subject to review by the cabinet."),
    ("The tunnel has been completed.", "The tunnel has almost been completed."),
    ("Parents may object in writing within two weeks.", "Parents may object in writing."),
    ("Exports of grain to the islands have resumed.", "Exports of grain from the islands have resumed."),
    ("The mayor, not the council, appoints the auditor.", "The council, not the mayor, appoints the auditor."),
)

WORDING = (
    ("Patients must bring a letter of referral.", "Patients are required to bring a letter of referral."),
    ("The council adopted the health plan in May.", "The health plan was adopted by the council in May."),
    ("Three clinics were opened in the north.", "3 clinics were opened in the north."),
    ("About 400 nurses were hired.", "Approximately 400 nurses were hired."),
    ("The World Health Organization sent two teams.", "The World Health Organization (WHO) sent two teams."),
    ("Visitors are not allowed to enter the ward.", "Visitors are not permitted to enter the ward."),
    ("Importers pay a fee of 5% of the value.", "Importers pay a fee of 5 percent of the value."),
    ("Customs seized 1,500 kilograms of ivory.", "Customs seized 1500 kg of ivory."),
    ("The office commenced work in June.", "The office started work in June."),
    ("The form covers wine, beer and spirits.", "The form covers beer, spirits and wine."),
    ("The agency said that it is aware of the delay.", "The agency said it was aware of the delay."),
    ("Every voter receives a card by mail.", "Each voter receives a card by mail."),
    ("The vote takes place on Sunday, 5 May 2027.", "The vote takes place on May 5, 2027."),
    ("The commission cannot accept late ballots.", "The commission is not able to accept late ballots."),
    ("Results are expected soon.", "Results are expected shortly."),
    ("The election law was amended because of the census.", "Owing to the census, the election law was amended."),
    ("The budget will help small firms to grow.", "The budget will assist small businesses in growing."),
    ("Spending rose by 1.5 million dollars.", "Spending increased by $1.5 million."),
    ("The minister thanked the staff for their work.", "The minister thanked the staff warmly for their hard work."),
    ("For questions call 555-0142 or write to the desk.", "For questions call 555-0177 or write to the desk."),
    (
        "The water authority operates four plants and it also runs two pumping stations.",
        "The water authority operates four plants. It also runs two pumping stations.",
    ),
    ("The river was cleaned at the start of the year.", "The river was cleaned early in the year."),
    (
        "The report describes the quality of our lakes.",
        "The report gives a picture of the quality of our beautiful lakes.",
    ),
    ("It is prohibited to swim in the reservoir.", "It is not permitted to swim in the reservoir."),
    (
        "The ministry launched a campaign against measles on Monday, and it will run for six weeks.",
        "On Monday the ministry launched a six-week campaign against measles.",
    ),
    ("The Customs and Border Office (CBO) hired 40 people.", "The CBO hired 40 people."),
    ("Voters who live abroad are able to register online.", "Voters living abroad can register online."),
    ("The reservoir holds 3 million cubic metres of water.", "The reservoir holds 3,000,000 cubic metres of water."),
    (
        "We thank Ms Adel, Mr Bree and Ms Crone for their service.",
        "We thank Ms Crone, Mr Bree and Ms Adel for their service.",
    ),
    ("The study was carried out by the University of Lund.", "The University of Lund carried out the study."),
    ("The office is in Room 214 of the east wing.", "The office is in Room 318 of the east wing."),
    ("Ministers discussed ways of improving rural roads.", "Ministers talked about how rural roads could be improved."),
    ("The budget debate will start at 2 p.m. on 4 June.", "The budget debate will start at 14:00 on June 4."),
    (
        "The fund supports projects such as libraries, parks and pools.",
        "The fund supports projects including libraries, parks and pools.",
    ),
    ("She has served as head of the water board since 2019.", "She has headed the water board since 2019."),
    ("The storm damaged a great many homes.", "The storm damaged many homes."),
    (
        "Doctors and nurses are the backbone of our health system.",
        "Nurses and doctors are the backbone of our health system.",
    ),
    ("The commission published its annual report today.", "The commission released its yearly report today."),
    ("It is a historic day for our region.", "This is a truly historic day for our whole region."),
    ("Ballots are counted by hand in small towns.", "In small towns, ballots are counted by hand."),
    ("The minister will visit the plant on 3 May.", "The minister visited the plant on 3 May."),
    ("Anyone who has questions should contact the press office.", "Please direct any questions to the press office."),
    ("The scheme is open to firms in all regions.", "The scheme is open to companies in every region."),
    ("The bridge was built in 1931 and is much loved.", "Built in 1931, the bridge is much loved."),
)

NOISE = (
    ("The programme helps rural schools.", "The program helps rural schools."),
    ("The comittee met on the new rules.", "The committee met on the new rules."),
    ("The the hospital reopened.", "The hospital reopened."),
    ("The budget, which is balanced was passed.", "The budget, which is balanced, was passed."),
    ("Rates fell in the north , south and east.", "Rates fell in the north, south and east."),
    ("The e-mail list is closed.", "The email list is closed."),
    ("Last updated: 4 March 2027", "Last updated: 9 April 2027"),
    ("See the rules here: https://example.org/a", "See the rules here: https://example.org/b"),
    ("The plan's aims are clear.", "The plan’s aims are clear."),
    ("the court will sit in spring.", "The Court will sit in spring."),
    ("Copyright 2026 Water Board", "Copyright 2027 Water Board"),
    ("It's a record harvest.", "It is a record harvest."),
)


def _share(right: list[bool]) -> float:
    return sum(right) / len(right)


def test_edits_that_change_what_holds_are_major(edited: Edited) -> None:
    ranks = [edited(old, new, subject="").severity.rank for old, new in MEANING]
    assert _share([rank >= Severity.MAJOR.rank for rank in ranks]) >= FLOOR


def test_edits_that_say_the_same_are_less_than_major(edited: Edited) -> None:
    ranks = [edited(old, new, subject="").severity.rank for old, new in WORDING]
    assert _share([rank < Severity.MAJOR.rank for rank in ranks]) >= FLOOR


@pytest.mark.parametrize(("old", "new"), NOISE)
def test_edits_of_mere_writing_are_noise(edited: Edited, old: str, new: str) -> None:
    judgement = edited(old, new, subject="")
    assert (judgement.severity, judgement.parts) == (Severity.NOISE, ())


@pytest.mark.parametrize(("old", "new"), [(new, old) for old, new in NOISE])
def test_mere_writing_taken_back_is_noise_too(edited: Edited, old: str, new: str) -> None:
    assert edited(old, new, subject="").severity is Severity.NOISE
