"""The words by which a questionnaire shows itself: English, French, Spanish, Russian and German."""

from __future__ import annotations

import re

NUMBERED = re.compile(
    r"(?:(?:question|pregunta|вопрос|frage|q)\s*+(?:no\.?|n[°º]|№)?\s*+)?"
    r"[(\[]?(\d{1,3}(?:\.\d{1,2}){0,3})(?:\s?[.(]?\s?([a-zа-я])(?=[).:]))?[\])]?\s?([.):\-–—]{0,2})(?:\s+|$)",
    re.IGNORECASE,
)
"""(number, letter, closing signs) at the start of a text."""

LETTERED = re.compile(r"\(?([a-zа-я])\)\s+|([a-z])\.\s+", re.IGNORECASE)
"""The letter of a sub-question at the start of a text."""

MARKED = re.compile(r"(?:q|question|pregunta|вопрос|frage)\s?[.:]\s+", re.IGNORECASE)
"""A question that is only called one."""

SENTENCE_START = re.compile(r"(?<=[.?!؟:])[»”\"')\]]*+\s++(?=[^\sa-zа-яё])|\n(?=[^\sa-zа-яё])")

REQUEST = re.compile(
    r"(?:(?:if|where|si|en caso|dans l|если|в случае|falls|wenn)\b[^,:?]{0,60}[,:]\s*+)?"
    r"(?:(?:please|kindly)\s+(?!(?:see|refer|find|note|consult)\b)\w"
    r"|(?:describe|indicate|specify|explain|attach|give\s+details)\b"
    r"|(?:veuillez|prière\s+d|décrivez|indiquez|précisez|merci\s+d)"
    r"|(?:sírvase|por\s+favor|describa|indique|especifique|adjunte)"
    r"|(?:просьба|просим|пожалуйста|опишите|укажите|приложите|представьте|поясните|сообщите)"
    r"|bitte\b)",
    re.IGNORECASE,
)
"""A sentence that asks without a question mark. "Please see ..." is how answers begin."""

CONTINUES = re.compile(
    r"if\s+(?:yes|so|not?|affirmative)\b|where\s+(?:so|applicable)\b|in\s+(?:the\s+)?case\s+of\b"
    r"|si\s+(?:oui|non|tel)\b|dans\s+l.affirmative|en\s+caso|de\s+ser\s+así|если\s+(?:да|нет|так)|в\s+случае"
    r"|(?:falls|wenn)\s+(?:ja|nein)|\(",
    re.IGNORECASE,
)
"""A sentence that goes on asking after a question."""

CONDITION = re.compile(
    r"(?:if|where|si|если|falls|wenn)\s+\w+(?:\s\w+)?\s?[:,.…]{0,3}"
    r"|(?:dans\s+l.affirmative|en\s+caso\s+\w+|в\s+случае\s+\w+(?:\s\w+)?)\s?[:,.…]{0,3}",
    re.IGNORECASE,
)
"""A line of its own that leads to the next question: "If yes:"."""

TO_A_STATE = re.compile(
    r"\byour\s+(?:country|state|government|nation|authorit|armed\s+forces)"
    r"|\b(?:votre|vos)\s+(?:pays|état|gouvernement|autorités)"
    r"|\bsu\s+(?:país|estado|gobierno)|\bваш(?:а|ей|у|е|его|ем|ему|им)?\s+(?:стран|государств|правительств)"
    r"|\bihr(?:e|em|er|en)?\s+(?:land|staat|regierung)",
    re.IGNORECASE,
)

QUESTIONNAIRE = re.compile(r"\bquestionnaire|вопросник|анкета|опросн|cuestionario|fragebogen", re.IGNORECASE)

SHORT_ANSWER = re.compile(
    r"(?:yes|no|none|nil|n/?a|not applicable|nothing to report|no change|see (?:the )?(?:answer|above|question)\b.*"
    r"|oui|non|néant|sans objet|rien à signaler|sí|no aplica|ninguno?|да|нет|не применимо|неприменимо|ja|nein|entfällt"
    r"|[-–—]+)[.!;]?",
    re.IGNORECASE,
)

SECTION = re.compile(
    r"(?:part|section|chapter|annex|partie|parte|sección|chapitre|teil|abschnitt|часть|раздел|глава|приложение)\b",
    re.IGNORECASE,
)
"""A heading that opens the next part of a questionnaire."""

FORM = re.compile(
    r"(?:form|formulaire|formule|formulario|форма|formblatt)\s+[\"“«]?([A-JАБВГДЕЖЗИКСН])\b(?![.]?\w)", re.IGNORECASE
)
"""The letter of a form of an Article 7 report."""

ARTICLE_7 = re.compile(
    r"\barticle\s+7\b|\bстать\w+\s+7\b|\bartículo\s+7\b|anti-?personnel|противопехотн|antipersonal"
    r"|cluster\s+munition|sous-munitions|municiones\s+en\s+racimo|кассетн",
    re.IGNORECASE,
)

FORM_PREFACE = re.compile(
    r"[\"“«]?(?:article\s+7|стать\w+\s+7|artículo\s+7|each\s+state\s+party|chaque\s+état|каждое\s+государство)\b"
    r"|(?:state\b.{0,60})?reporting\s+for\s+(?:the\s+)?time\s+period",
    re.IGNORECASE,
)
"""What each form repeats before the State speaks: the article's words and the period."""

LOOKALIKES = {"А": "A", "В": "B", "С": "C", "Е": "E", "Н": "H", "К": "K"}
CYRILLIC_ORDER = {letter: "ABCDEFGHIJ"[place] for place, letter in enumerate("АБВГДЕЖЗИК")}
