"""Edits of invented official prose with the grade that a reader gives each: what the rules of grading are held to.

`MEANING`: who reads the new text knows, may or must something else than who read the old one. `WORDING`: the same is
said in another way, or something is said that binds nobody; it must stay under major. `NOISE`: nothing is said at all.
"""

from __future__ import annotations

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
    (
        "Officers may open parcels if the addressee is present.",
        "Officers may open parcels.",
    ),
    ("Imports of used tyres are permitted.", "Imports of used tyres are prohibited."),
    (
        "Citizens living abroad are entitled to vote by post.",
        "Citizens living abroad are not entitled to vote by post.",
    ),
    ("Polling stations close at 20:00 on election day.", "Polling stations close at 18:00 on election day."),
    (
        "Applications must be received by 1 March 2027.",
        "Applications must be received by 15 April 2027.",
    ),
    ("All candidates publish their donors.", "Some candidates publish their donors."),
    (
        "The commission has approved the new ballot paper.",
        "The commission has rejected the new ballot paper.",
    ),
    (
        "Observers from Ghana and Kenya were admitted to the count.",
        "Observers from Ghana were admitted to the count.",
    ),
    ("The grant covers at least 40 percent of the cost.", "The grant covers at most 40 percent of the cost."),
    ("The reserve fund was cut to 2 million dollars.", "The reserve fund was raised to 2 million dollars."),
    ("The levy is temporary.", "The levy is permanent."),
    (
        "Municipalities shall inspect the wells each year.",
        "Municipalities should inspect the wells each year.",
    ),
    (
        "The river water is safe for bathing.",
        "The river water is unsafe for bathing.",
    ),
    (
        "Farmers may draw water from the canal.",
        "Farmers may draw water from the canal unless a drought has been declared.",
    ),
    (
        "The dam was inspected and found sound.",
        "The dam was inspected and found sound, except for the eastern gate.",
    ),
    (
        "Households pay 3 euros per cubic metre.",
        "Households pay 3 dollars per cubic metre.",
    ),
    ("The ban on fishing ends on 30 June.", "The ban on fishing starts on 30 June."),
    (
        "The school completed the repair of its roof.",
        "The school is planning to complete the repair of its roof.",
    ),
)

WORDING = (
    ("Patients must bring a letter of referral.", "Patients are required to bring a letter of referral."),
    ("The council adopted the health plan in May.", "The health plan was adopted by the council in May."),
    ("Three clinics were opened in the north.", "3 clinics were opened in the north."),
    ("About 400 nurses were hired.", "Approximately 400 nurses were hired."),
    (
        "The World Health Organization sent two teams.",
        "The World Health Organization (WHO) sent two teams.",
    ),
    (
        "Visitors are not allowed to enter the ward.",
        "Visitors are not permitted to enter the ward.",
    ),
    ("Importers pay a fee of 5% of the value.", "Importers pay a fee of 5 percent of the value."),
    ("Customs seized 1,500 kilograms of ivory.", "Customs seized 1500 kg of ivory."),
    ("The office commenced work in June.", "The office started work in June."),
    ("The form covers wine, beer and spirits.", "The form covers beer, spirits and wine."),
    ("The agency said that it is aware of the delay.", "The agency said it was aware of the delay."),
    ("Every voter receives a card by mail.", "Each voter receives a card by mail."),
    ("The vote takes place on Sunday, 5 May 2027.", "The vote takes place on May 5, 2027."),
    (
        "The commission cannot accept late ballots.",
        "The commission is not able to accept late ballots.",
    ),
    ("Results are expected soon.", "Results are expected shortly."),
    (
        "The election law was amended because of the census.",
        "Owing to the census, the election law was amended.",
    ),
    ("The budget will help small firms to grow.", "The budget will assist small businesses in growing."),
    ("Spending rose by 1.5 million dollars.", "Spending increased by $1.5 million."),
    (
        "The minister thanked the staff for their work.",
        "The minister thanked the staff warmly for their hard work.",
    ),
    (
        "For questions call 555-0142 or write to the desk.",
        "For questions call 555-0177 or write to the desk.",
    ),
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
