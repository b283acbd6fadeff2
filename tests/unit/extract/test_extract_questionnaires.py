"""Questionnaires in many forms become questions and answers; ordinary numbered documents never do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watcher.extract import extract
from watcher.model.document import BlockKind, Document
from watcher.model.questionnaire import Question, read_questionnaire

Builder = Callable[..., bytes]


def read(payload: str | bytes, media_type: str | None = "text/plain") -> Document:
    data = payload.encode() if isinstance(payload, str) else payload
    return extract(data, media_type=media_type, charset="utf-8")


def asked(document: Document) -> list[tuple[str, str]]:
    """(number, answer) of each question."""
    found = read_questionnaire(document)
    return [(question.number, question.answer.text) for question in found.questions] if found else []


def question(document: Document, number: str) -> Question:
    found = read_questionnaire(document)
    assert found is not None
    one = found.get(number)
    assert one is not None
    return one


PLAIN = """QUESTIONNAIRE ON LAID MINES

Part I

1. Is your country bound by the Protocol on laid mines?

No

If yes:

2. Please attach the report of last year or say where it is kept.

Not applicable.

If no:

3. Does your country think of joining the Protocol?

The ministries study it. Two steps were taken:
1. A group was set up.
2. Experts were heard.

4. What has been done against careless use of mines? See answer to question 3.

5. Would your country like help with clearing? If so, please describe.

Yes. Detectors are short.

Part II

6. Has your country joined the Convention?

7. (a) If yes, please attach the newest report.
-
(b) If no, does your country think of joining?
No.

8. Other remarks
None.
"""

TABLE = """<html><head><title>Answers</title></head><body><h1>Answers of Aland</h1><table>
<tr><th>No</th><th>Question</th><th>Answer</th></tr>
<tr><td>1.</td><td>Is your country bound by the Protocol?</td><td>No</td></tr>
<tr><td>2.</td><td>Does your country hold stocks?</td><td>Yes, see the <a href="/a.pdf">annex</a>.</td></tr>
<tr><td>3.</td><td>Does your country need help? If so, please describe.</td><td><p>Yes.</p><p>Detectors.</p></td></tr>
</table></body></html>"""

TWO_ROWS = """<html><body><h1>Answers</h1><table>
<tr><td colspan=2>1) Has your State joined the Convention?</td></tr><tr><td colspan=2>Not yet.</td></tr>
<tr><td colspan=2>2) Does your State produce mines?</td></tr><tr><td colspan=2></td></tr>
<tr><td colspan=2>3) Does your State export mines?</td></tr><tr><td>2022</td><td>none</td></tr>
</table></body></html>"""

BOLD = """<html><body><h1>Questionnaire 2023</h1>
<p><b>1. Is your country bound by the Protocol?</b><br>No.</p>
<p><strong>2. Does your country hold stocks of mines?</strong></p><p>Yes.</p>
<ul><li>1 200 old ones</li><li>3 new ones</li></ul>
<h3>3. Would your country help others? If so, please describe.</h3><h4>Law</h4><p>There is a law.</p>
<p><b>4.</b> Please indicate any other measure.</p><p>n/a</p>
<footer><p>Do you like this page?</p></footer></body></html>"""

ORDERED = """<html><body><h1>Questionnaire</h1><ol>
<li><b>Is your country bound by the Protocol?</b><p>No.</p></li>
<li><b>Does your country hold stocks of mines?</b><p>Yes.</p></li>
<li>Would your country help others? If so, please describe.<p>See answer to question 2.</p></li></ol></body></html>"""

RUSSIAN = """Ответы на вопросник

1. Является ли Ваша страна участником Протокола?
Нет.

2. Если да, просьба приложить последний доклад.
Не применимо.

3. Хранит ли Ваше государство запасы мин?
а) Каковы их количество и виды?
Данные закрыты.
б) Когда они будут уничтожены?
В течение пяти лет.

4. Нужна ли Вашей стране помощь? Если да, опишите какая.
См. ответ на вопрос 2.
"""

FRENCH = """Questionnaire

Question 1 : Votre pays est-il lié par le Protocole ?
Non.

Question 2 : Veuillez indiquer les mesures prises.
Néant

Question 3 : Votre pays détient-il des stocks ? Dans l'affirmative, veuillez préciser.
Oui, voir la réponse à la question 2.
"""

SPANISH = """Cuestionario

1.- ¿Es su país parte en el Protocolo?
No.

2.- ¿Tiene su país existencias de minas? En caso afirmativo, sírvase describir.
No aplica.

3.- Sírvase indicar otras medidas.
Ninguna.
"""

LETTERS = """Reply of Beland

Q1. Has your government signed the Convention?
Yes, in May.

Q2. Does your government plan to ratify it?
Yes.

Q3. Will your government report on its stocks?
Yes.
"""

PARENTHESES = """Reply of Celand
(1) Has your country laid mines since 1999? No.
(2) Has your country cleared mines since 1999? Yes, in the north.
(3) Does your country train deminers? If yes, where? In two schools.
"""

ANEW = """Questionnaire
Part I
1. Has your country joined Protocol II?
No.
2. Does your country plan to join it?
No.
Part II
1. Has your country joined the Convention?
Yes.
2. When did your country report last?
In spring.
"""

FORMS = """<html><body><h1>Report under Article 7</h1>
<ul><li>Form A: National measures</li><li>Form B: Stocks</li><li>Form C: Mined areas</li></ul>
<h2>Form A: National measures</h2><p>Article 7.1 "Each State reports on ..."</p>
<p>State: Aland, reporting for time period from 1 January to 31 December</p><p>No change since last report.</p>
<h2>Form B: Stocks</h2><table><tr><th>Type</th><th>Quantity</th></tr><tr><td>M1</td><td>200</td></tr></table>
<h2>Form C: Mined areas</h2>
<p>1. Areas that contain mines*:</p><p>Two valleys.</p>
<p>2. Areas suspected to contain mines*:</p><p>Nothing to report.</p>
</body></html>"""

FORMS_RUSSIAN = """Доклад по статье 7

Форма А. Национальные меры
Изменений нет.

Форма В. Запасы мин
Нет.

Форма С. Минированные районы
Два района на юге.
"""

NUMBERS = {
    "plain": (PLAIN, "text/plain", ["1", "2", "3", "4", "5", "6", "7.a", "7.b", "8"]),
    "table": (TABLE, "text/html", ["1", "2", "3"]),
    "two rows": (TWO_ROWS, "text/html", ["1", "2", "3"]),
    "bold": (BOLD, "text/html", ["1", "2", "3", "4"]),
    "ordered list": (ORDERED, "text/html", ["1", "2", "3"]),
    "russian": (RUSSIAN, "text/plain", ["1", "2", "3", "3.а", "3.б", "4"]),
    "french": (FRENCH, "text/plain", ["1", "2", "3"]),
    "spanish": (SPANISH, "text/plain", ["1", "2", "3"]),
    "letters": (LETTERS, "text/plain", ["1", "2", "3"]),
    "parentheses": (PARENTHESES, "text/plain", ["1", "2", "3"]),
    "numbers anew": (ANEW, "text/plain", ["1", "2", "II.1", "II.2"]),
    "forms": (FORMS, "text/html", ["Form A", "Form B", "Form C", "Form C.1", "Form C.2"]),
    "russian forms": (FORMS_RUSSIAN, "text/plain", ["Form A", "Form B", "Form C"]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_questions_carry_their_numbers_whatever_the_form(name: str) -> None:
    text, media_type, numbers = NUMBERS[name]
    assert [number for number, _ in asked(read(text, media_type))] == numbers


def test_answers_are_what_stands_between_questions() -> None:
    answers = dict(asked(read(PLAIN)))
    assert answers["1"] == "No"
    assert answers["3"].endswith("1. A group was set up.\n2. Experts were heard.")
    assert answers["4"] == "See answer to question 3."
    assert answers["6"] == ""
    assert answers["7.b"] == "No."
    assert answers["8"] == "None."


def test_what_leads_to_the_next_question_is_no_answer() -> None:
    document = read(PLAIN)
    assert [block.kind for block in document.blocks if block.text == "If yes:"] == [BlockKind.PARAGRAPH]


def test_an_answer_in_the_same_paragraph_stands_apart() -> None:
    assert asked(read(PARENTHESES)) == [("1", "No."), ("2", "Yes, in the north."), ("3", "In two schools.")]
    assert asked(read(BOLD, "text/html"))[0] == ("1", "No.")


def test_cells_beside_a_question_answer_it_and_keep_their_links() -> None:
    document = read(TABLE, "text/html")
    assert asked(document) == [("1", "No"), ("2", "Yes, see the annex."), ("3", "Yes. Detectors.")]
    assert [block.text for block in document.blocks if block.links] == ["Yes, see the annex."]
    assert [block.text for block in document.blocks if block.kind is BlockKind.TABLE_ROW] == ["No | Question | Answer"]


def test_rows_below_a_question_answer_it() -> None:
    assert asked(read(TWO_ROWS, "text/html")) == [("1", "Not yet."), ("2", ""), ("3", "2022\nnone")]


def test_dashes_are_no_answer_and_no_is_one() -> None:
    document = read(PLAIN)
    assert not question(document, "7 (a)").answer.given
    assert question(document, "7b").answer.given
    assert not question(document, "6").answer.given


@pytest.mark.parametrize(
    ("text", "media_type", "number", "named"),
    [
        (PLAIN, "text/plain", "4", "3"),
        (ORDERED, "text/html", "3", "2"),
        (RUSSIAN, "text/plain", "4", "2"),
        (PLAIN, "text/plain", "5", ""),
        (PLAIN.replace("\nNone.", "\nYes. Please see the answer to question 7 (b)."), "text/plain", "8", "7.b"),
        (PLAIN.replace("\nNone.", "\nWe foresee 3 more."), "text/plain", "8", ""),
    ],
)
def test_an_answer_that_points_to_another_one_names_it(text: str, media_type: str, number: str, named: str) -> None:
    assert question(read(text, media_type), number).answer.refers_to == named


def test_the_wording_has_no_number_and_keeps_the_letters_inside() -> None:
    text = PLAIN.replace("8. Other remarks", "8. Does your country (a) lay or (b) sell mines?")
    assert question(read(text), "8").wording == "Does your country (a) lay or (b) sell mines?"
    assert question(read(text), "7.a").wording == "If yes, please attach the newest report."


def test_a_form_is_answered_by_its_text_and_tables_but_not_by_its_printed_words() -> None:
    answers = dict(asked(read(FORMS, "text/html")))
    assert answers == {
        "Form A": "No change since last report.",
        "Form B": "Type | Quantity\nM1 | 200",
        "Form C": "",
        "Form C.1": "Two valleys.",
        "Form C.2": "Nothing to report.",
    }
    assert question(read(FORMS, "text/html"), "c 2").wording == "Areas suspected to contain mines*:"


def test_tables_under_a_heading_inside_a_form_answer_the_form() -> None:
    inside = "<p>Stocks are as follows.</p><h4>Of the army</h4><table><tr><th>Type</th>"
    answer = dict(asked(read(FORMS.replace("<table><tr><th>Type</th>", inside, 1), "text/html")))["Form B"]
    assert answer.endswith("Of the army\nType | Quantity\nM1 | 200")


def test_numbered_sentences_in_a_form_are_its_answer() -> None:
    text = FORMS.replace("No change since last report.", "1. The law of 2003 was kept.", 1)
    assert dict(asked(read(text, "text/html")))["Form A"] == "1. The law of 2003 was kept."


def test_an_answer_that_begins_with_please_see_is_no_part_of_the_question() -> None:
    text = PARENTHESES.replace("Yes, in the north.", "Please see our report.")
    assert asked(read(text))[1] == ("2", "Please see our report.")


def test_a_numbered_list_in_an_answer_takes_no_number_from_the_next_question() -> None:
    text = PLAIN.replace("No\n\nIf yes:", "Two laws matter:\n1. the law on arms\n2. the law on export\n\nIf yes:", 1)
    answers = dict(asked(read(text)))
    assert list(answers)[:3] == ["1", "2", "3"]
    assert answers["1"].endswith("2. the law on export")
    assert answers["2"] == "Not applicable."


def test_a_note_below_the_heading_of_a_part_answers_nothing() -> None:
    page = BOLD.replace("<h3>3.", "<h2>Part II</h2><p>This part is for all States.</p><h3>3.", 1)
    assert dict(asked(read(page, "text/html")))["2"].endswith("3 new ones")


def test_docx_paragraphs_and_tables_are_read_alike(docx: Builder) -> None:
    def paragraph(text: str, properties: str = "") -> str:
        return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"

    def row(*cells: str) -> str:
        return "<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in cells) + "</w:tr>"

    texts = ["1. Is your country bound?", "No.", "2. Does your country hold stocks?", "Yes.", "3. Why?", "Old ones."]
    expected = [("1", "No."), ("2", "Yes."), ("3", "Old ones.")]
    assert asked(read(docx("".join(paragraph(text) for text in texts)), None)) == expected
    rows = [row(texts[place], texts[place + 1]) for place in (0, 2, 4)]
    assert asked(read(docx(f"<w:tbl>{''.join(rows)}</w:tbl>"), None)) == expected


def test_docx_numbers_that_word_counts_itself_are_counted(docx: Builder) -> None:
    item = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    texts = [
        "Is your country bound?",
        "No.",
        "Does your country hold stocks?",
        "Yes.",
        "Will your country join?",
        "No.",
    ]
    body = "".join(
        f"<w:p><w:pPr>{item if place % 2 == 0 else ''}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
        for place, text in enumerate(texts)
    )
    assert asked(read(docx(body), None)) == [("1", "No."), ("2", "Yes."), ("3", "No.")]


def test_rtf_is_read_alike() -> None:
    lines = ["1. Is your country bound?", "No.", "2. Does your country hold stocks?", "Yes.", "3. Why?", "Old ones."]
    rtf = r"{\rtf1\ansi " + r"\par ".join(lines) + "}"
    assert asked(read(rtf, None)) == [("1", "No."), ("2", "Yes."), ("3", "Old ones.")]


def test_pdf_is_read_alike(pdf: Callable[[list[list[tuple[float, float, float, str]]]], bytes]) -> None:
    lines = ["1. Is your country bound?", "No.", "2. Does your country hold stocks?", "Yes.", "3. Why?", "Old ones."]
    page = [(72.0, 720.0 - 40 * place, 11.0, line) for place, line in enumerate(lines)]
    assert asked(read(pdf([page]), None)) == [("1", "No."), ("2", "Yes."), ("3", "Old ones.")]


def test_what_is_answered_does_not_decide_whether_it_is_a_questionnaire() -> None:
    document = read(PLAIN)
    answers = {block.text for block in document.blocks if block.kind is BlockKind.ANSWER}
    bare = "\n\n".join(block.text for block in document.blocks if block.text not in answers)
    assert [number for number, _ in asked(read(bare))] == [number for number, _ in asked(document)]


def test_no_word_is_lost_or_added() -> None:
    for text, media_type, _ in NUMBERS.values():
        document = read(text, media_type)
        kinds = {block.kind for block in document.blocks}
        assert BlockKind.QUESTION in kinds
        if media_type == "text/plain":
            assert document.text.split() == text.split()


LAW = "Law on mines\n\n" + "\n\n".join(
    f"{number}. {text}"
    for number, text in enumerate(
        (
            "Your country means the State that is bound by this law.",
            "The ministry shall keep a register of stocks.",
            "What is a stock is said in the annex.",
            "Please note that fees are due in March.",
            "Describe and mark each store before use.",
        ),
        start=1,
    )
)
RECOMMENDATIONS = (
    "The committee asks:\n\n1. Provide aid.\n\n2. Describe all sites.\n\n3. Indicate dates.\n\n4. Attach all."
)
RESEARCH = (
    "A study of clearing\n\n" + "Clearing is slow work and few have counted what it costs in the hills. " * 12 + "\n\n"
    "We ask:\n\n1. How many mines were found?\n\n2. Who found them?\n\n3. What did it cost?\n\n"
    + "The answers fill the chapters that follow, each of them long and full of tables. "
    * 12
)
OPEN_QUESTIONS = "1. How many mines were found?\n\n2. Who found them?\n\n3. What did it cost?\n\n4. Who paid?"
EXPLAINER = (
    "News of the week\n\n"
    + "The talks went on for three days and ended without a text that all could sign. " * 10
    + "\n\n"
    "1. What is a mine?\n\nA weapon.\n\n2. Who lays them?\n\nMany.\n\n3. Who clears them?\n\nFew.\n\n"
    + "More will be known when the ministers meet again in the autumn of the year. "
    * 10
)
BRIEFING = "Briefing\n\n" + "\n\n".join(
    f"Q: Will there be a statement on day {day}?\n\nA: There will be one." for day in range(9)
)
TAX_FORMS = (
    "Taxes\n\nForm A: Income\n\nFill in all lines.\n\nForm B: Land\n\nFill in all lines.\n\nForm C: Goods\n\nFill in."
)
SPEECH = (
    "Mr President,\n\n1. We have heard much. What has been done? Little. Many speak of it and few act on it.\n\n"
    "2. My delegation joins the statement made before. It adds these words of its own.\n\n"
    "3. Who pays? The poor do. We ask for help in clearing the fields of the north.\n\n"
    "4. We thank you."
)


@pytest.mark.parametrize(
    "text", [LAW, RECOMMENDATIONS, RESEARCH, OPEN_QUESTIONS, EXPLAINER, BRIEFING, TAX_FORMS, SPEECH]
)
def test_an_ordinary_numbered_document_is_no_questionnaire(text: str) -> None:
    assert not {BlockKind.QUESTION, BlockKind.ANSWER} & {block.kind for block in read(text).blocks}


def test_a_data_table_with_question_marks_is_no_questionnaire() -> None:
    table = "No,Text,Answer\n1,Is your country bound?,No\n2,Does your country pay?,No\n3,Will your country join?,No\n"
    assert not [block for block in read(table, "text/csv").blocks if block.kind is not BlockKind.TABLE_ROW]


def test_hostile_lengths_take_no_time_to_speak_of() -> None:
    text = "\n\n".join([*(f"{n}. Is your country {'(' * 2000}{'if ' * 2000}?" for n in range(1, 60)), "? " * 20_000])
    assert len(read(text).blocks) >= 59
