"""Languages: as declared, else by script and small words; English is never called foreign."""

from __future__ import annotations

import pytest

from ingest.languages import declared_language, language_of


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ("en-US", "en"), ("en_gb", "en"), ("EN", "en"), ("zh-Hans-CN", "zh"), ("English", "en"),
        ("fra", "fr"), ("de-DE,en;q=0.5", "de"), ("", None), ("x-default", None), ("??", None),
    ],
)  # fmt: skip
def test_a_declaration_is_two_letters(declared: str, code: str | None) -> None:
    assert declared_language(declared) == code


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Meta加入AI军备竞赛：发布开源大语言模型", "zh"),
        ("NY株ほぼ全面安、リビア情勢に対する不安拭えず", "ja"),
        ("딘푸즈 2Q 매출 16% 감소", "ko"),
        ("Акции Газпрома упали после отчета", "ru"),
        ("Акції впали через їхній звіт", "uk"),
        ("انخفاض أسعار النفط", "ar"),
        ("Οι μετοχές έπεσαν", "el"),
        ("Aktien fallen nach Warnung: Anleger sind nicht überzeugt und verkaufen", "de"),
        ("La Bourse de Paris recule dans un marché sans élan pour les banques", "fr"),
        ("El Ibex cae por las dudas sobre una subida tras el dato de empleo", "es"),
        ("Borsa in calo dopo i dati della Fed, che sono una sorpresa", "it"),
        ("Ações da Vale caem após dados, mas não para os analistas", "pt"),
        ("Aandelen dalen door zorgen, maar het is niet voor lang", "nl"),
    ],
)
def test_another_language_is_noticed(title: str, language: str) -> None:
    assert language_of("", title) == language


@pytest.mark.parametrize(
    "title",
    [
        "Von der Leyen warns China",
        "Los Angeles port strike hits El Segundo",
        "Le Pen, Di Maio, de Guindos and Da Silva meet",
        "La Nina hits Rio Tinto",
        "Les Echos: Vivendi bids",
        "Sanofi, L'Oréal, Société Générale fall",
        "Q3 EPS 1.2 vs 1.1",
        "AAPL 150.2 +1.3%",
        "Über IPO prices low",
        "Die Hard reboot lifts Fox",
        "BYD (比亚迪) sales rise in March",
        "",
        "123",
    ],
)
def test_an_english_headline_is_english(title: str) -> None:
    assert language_of("", title) == "en"


def test_a_declaration_counts_unless_the_script_says_otherwise() -> None:
    assert language_of("de", "Deutsche Bank") == "de"
    assert language_of("en-us", "日经指数暴跌") == "zh"
    assert language_of("ja", "日経平均") == "ja"


def test_the_text_helps_a_short_title() -> None:
    assert language_of("", "OpenAI GPT-5", "人工智能公司今天发布了新的模型，市场反应热烈。") == "zh"
