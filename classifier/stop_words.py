"""Words that carry no term: what newspapers, wires and tables say of everything. Pure data.

`classifier.keys` reads it. Three kinds are in the first list: the small words of English with
weekdays and months; the vocabulary of a news desk ("says", "sources", "update"); and that of result
lines and market reports ("net", "swings", "pct", "Q2 sales", "shares fell"), which every company
and every session repeats. What a story is about (countries, names, "bailout", "quake") is not here.
"""

from __future__ import annotations

from typing import Final

_STOP_WORDS_TEXT: Final = """
a ab about above across aed afp after ag again against ahead al all almost along already also
although always am amid among an analysis analyst analysts and announce announced announcement
announces annual annually another anti any anyone apr april are around as asa at aud audio aug
august away back be beat beaten beats became because become been before behind being below best
better between billion billions bln blog bloomberg bn both bpd bps brief briefs brl but by cad
calendar came can cannot cent cents ceo cfo chf chief close closed closes closing cnbc cny co
column companies company corp correct corrected could crore czk da daily das data day days de dec
december den der des despite di diary did die digest dj dkk do does doing dollar dollars done down
downside dr drop dropped drops du due during each early earnings ebit ebitda either el else en end
ended ends enough eps estimate estimates et eur euro euros even ever every everyone ex exclusive
exec execs expect expected expects extend extended extends factbox factor factors fall fallen
falls feb february fell few first fiscal for forecast forecasts four fri friday from ft further
future futures fy gain gained gains gb gbp get gets getting give given gives go goes going gone
good got graphic great group guidance had half has have having he headline headlines her here hers
high higher highlight highlights highs him his hkd holding holdings hour hours how hr hrs hs huf
hundred i idr if ii iii ils in inc income index indexes indices inr instant instead international
interview into is isn issue issued issues it its itself iv jan january jpy jr jul july jun june
just keep keeps kept kg km krw kyodo la lakh last late later latest le least les less let lets
like likely limited little live llc long look looks los loss losses lot low lower lows ltd made
make makes making many mar march market markets may maybe me media might million millions min
minute minutes miss missed misses mln mom mon monday month monthly months more most mostly mr mrs
ms mt mth mths much must mw mxn my myr name named names narrow narrowed narrows near nearly need
needs net never new news newspaper newspapers next no nok non nor not nothing nov november now nv
nyt nzd oct october of off official officials often ok old on once one only onto open opened
opening opens operating or other others our out outlook over own oyj oz paper pare pared pares
part pct per percent percentage photo photos php picture pictures plan planned plans plc pln pm
point points poll pre press preview profit profits put puts qoq qs qtr quarter quarterly rather re
really refile report reported reportedly reporting reports result results reuter reuters revenue
revenues rise risen rises rmb ron rose roundup rpt rs rub run runs rupees sa said sales same sar
sat saturday saw say saying says schedule second see seeing seek seeking seeks seem seems seen
sees sek sep sept september session sessions set sets several sgd shall share shares she should
show shows since six slideshow snapshot so some something soon source sources spa spokesman
spokeswoman sq sr st start started starts still stock stocks such summary sun sunday swing swings
swung table take takes taking tb tell tells ten text than that thb the their them then there these
they thing things third this those though thousand three through thu thur thurs thursday till time
timeline times to today together told tomorrow tonight too top toward towards traded trades
trading trillion trim trimmed trims tue tues tuesday turn turned turns tv twd two un una under
until unveil up update updated updates upon upside us usd use used uses van versa very via vice
video view views von vs want wants was watch way we wed wednesday week weekend weekly weeks well
went were what when where whether which while who whom whose why widen widened widening widens
will with within without wk won would wrapup wsj year yearly years yesterday yet you your yours
yoy yr yrs ytd zar
"""
STOP_WORDS: Final = frozenset(_STOP_WORDS_TEXT.split())

#: Words that are a unit when they follow a number ("12,634 zlotys", "140 mln barrels"), and a
#: subject where they do not ("China devalues the yuan").
_UNITS_TEXT: Final = """
baht barrel barrels bushel bushels cent cents crown crowns dinar dinars dirham dirhams dong euro
euros forint forints franc francs gallon gallons hryvnia koruna krona krone kroner kronor lei leu
lev leva lira liras megawatt megawatts meter meters metre metres mile miles naira ounce ounces
peso pesos pound pounds rand reais real renminbi ringgit riyal riyals rouble roubles ruble rubles
rupiah shekel shekels shilling shillings sterling tenge ton tonne tonnes tons yen yuan zloty
zlotys
"""
UNITS: Final = frozenset(_UNITS_TEXT.split())

SCALES: Final = frozenset(
    {
        "thousand",
        "million",
        "millions",
        "mln",
        "mn",
        "billion",
        "billions",
        "bln",
        "bn",
        "trillion",
        "trn",
    }
)
