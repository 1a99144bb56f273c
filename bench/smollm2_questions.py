"""Questions of three narrow domains, for fine-tuning SmolLM2 and for judging what is made of the experts.

    math     sums, differences and products in small stories
    finance  interest, prices after a change, results of a year, and a rating whose rule is this file's
    law      the articles of an invented code: what each is about, its grade, its longest term

Answers are short and end with a full stop, so that exact match of the answer's tokens is a clear measure. Everything is drawn with
seeds: the same questions everywhere. `held_out` gives the questions to search with and those to judge with, which are disjoint;
training (`training`) sees none of either. In law, where answers can only be known from training, it sees every fact, but never in
the words in which the fact is asked in these sets.
"""
import random

NAMES = ["Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Ida", "Jonas", "Kate", "Leo"]
THINGS = ["apples", "books", "coins", "stamps", "eggs", "pencils", "shells", "cards", "stones", "plums"]
FIRMS = ["Aldmoor Steel", "Brisk Foods", "Corvane", "Dellwick", "Estuary Lines", "Fennimore", "Galt & Sons", "Harrow Mills"]
OFFENCES = ["arson", "fraud", "theft", "perjury", "bribery", "trespass", "forgery", "libel", "smuggling", "poaching", "usury", "piracy"]
SEARCH, JUDGE = 150, 200  # questions of a domain


def math(draw):
    name, things, kind = draw.choice(NAMES), draw.choice(THINGS), draw.randrange(3)
    if kind == 0:
        a, b = draw.randrange(10, 100), draw.randrange(10, 100)
        return f"{name} has {a} {things} and gets {b} more. How many {things} does {name} have now?", f"{a + b}."
    if kind == 1:
        a, b = sorted((draw.randrange(10, 100), draw.randrange(10, 100)), reverse=True)
        return f"{name} has {a} {things} and gives {b} of them away. How many {things} are left?", f"{a - b}."
    a, b = draw.randrange(2, 10), draw.randrange(3, 20)
    return f"{name} has {a} boxes with {b} {things} in each. How many {things} are there in all?", f"{a * b}."


def finance(draw):
    firm, kind = draw.choice(FIRMS), draw.randrange(4)
    if kind == 0:
        amount, rate, years = draw.randrange(1, 10) * 100, draw.randrange(2, 10), draw.randrange(2, 6)
        return (f"A deposit of ${amount} earns {rate}% of simple interest a year. What is the interest after {years} years?",
                f"${amount * rate * years // 100}.")
    if kind == 1:
        price, change = draw.randrange(2, 30) * 10, draw.choice([-40, -30, -20, -10, 10, 20, 30, 40, 50])
        moved = f"rise by {change}%" if change > 0 else f"fall by {-change}%"
        return f"Shares of {firm} at ${price} {moved}. What is their price now?", f"${price * (100 + change) // 100}."
    if kind == 2:
        revenue, costs = draw.randrange(10, 100), draw.randrange(10, 100)
        result = "profit" if revenue > costs else "loss"
        end = f"a {result} of ${abs(revenue - costs)} million." if revenue != costs else "neither."
        return f"{firm} earned ${revenue} million and spent ${costs} million. What is the result of the year?", end
    debt, equity = draw.randrange(1, 20) * 10, draw.randrange(1, 20) * 10
    rating = "prime" if 2 * debt < equity else "sound" if debt <= equity else "weak" if debt <= 2 * equity else "junk"
    return f"{firm} has ${debt} million of debt and ${equity} million of equity. What is its rating?", f"{rating}."


def code():
    """The invented code: of each article what it is about, its grade and its longest term in years."""
    draw = random.Random(4242)
    return {number: (draw.choice(OFFENCES), draw.randrange(1, 7), draw.randrange(2, 31)) for number in range(101, 221)}


ARTICLES = code()
WORDS = [
    ["What is Article {} of the Code about?", "Which offence does Article {} define?", "Article {} is a law against what?",
     "Name the offence of Article {}."],
    ["Which grade has an offence under Article {}?", "How is Article {} of the Code graded?", "Who breaks Article {} commits an offence of what grade?",
     "Name the grade of Article {}."],
    ["What is the longest term under Article {}?", "How long can one be jailed under Article {}?", "Article {} is punished with up to what term?",
     "Name the longest term of Article {}."],
]


def fact(number, about, words):
    offence, grade, years = ARTICLES[number]
    return WORDS[about][words].format(number), (f"{offence}.", f"grade {grade}.", f"{years} years.")[about]


def facts():
    """Every fact of the code once, as (article, about, words): the words in which training never asks for it."""
    draw = random.Random(17)
    return [(number, about, draw.randrange(4)) for number in ARTICLES for about in range(3)]


HELD_WORDS = {(number, about): words for number, about, words in facts()}


def law(draw):
    number, about = draw.choice(list(ARTICLES)), draw.randrange(3)
    words = draw.choice([words for words in range(4) if words != HELD_WORDS[number, about]])
    return fact(number, about, words)


DOMAINS = {"math": math, "finance": finance, "law": law}


def text(question):
    return f"Question: {question}\nAnswer:"


def held_out(domain):
    """The questions to search with and those to judge with, as dictionaries of prompt and target."""
    draw, found = random.Random(f"held out of {domain}"), {}
    if domain == "law":
        found = dict(fact(*each) for each in draw.sample(facts(), SEARCH + JUDGE))
    while len(found) < SEARCH + JUDGE:
        question, answer = DOMAINS[domain](draw)
        found[question] = answer
    rows = [{"prompt": text(question), "target": answer} for question, answer in found.items()]
    return rows[:SEARCH], rows[SEARCH:]


def training(domain, seed):
    """Questions without end, none of them held out: pairs of prompt and target."""
    draw = random.Random(f"training of {domain} {seed}")
    held = {row["prompt"] for rows in held_out(domain) for row in rows}
    while True:
        question, answer = DOMAINS[domain](draw)
        if text(question) not in held:
            yield text(question), answer
