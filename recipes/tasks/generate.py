"""The small tasks that ship with dppa-run, written for it: python3 generate.py writes them beside itself.

arithmetic: exact match; grammar: which of two sentences is one; facts: multiple choice; texts: perplexity of short paragraphs;
word_problems: generated answers. Everything is made here, of numbers drawn with one seed and of the sentences below; nothing is
taken from a published benchmark. In the public domain (CC0).
"""
import json, pathlib, random

HERE = pathlib.Path(__file__).resolve().parent
draw = random.Random(20)


def write(name, lines):
    with open(HERE / f"{name}.jsonl", "w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def arithmetic():
    for index in range(40):
        a, b = draw.randint(2, 60), draw.randint(2, 60)
        sign = "+-×"[index % 3]
        if sign == "-":
            a, b = max(a, b), min(a, b)
        if sign == "×":
            a, b = a % 11 + 2, b % 11 + 2
        result = {"+": a + b, "-": a - b, "×": a * b}[sign]
        yield {"prompt": f"Question: What is {a} {sign} {b}?\nAnswer:", "target": str(result)}


# A subject in the singular and the plural, what stands between it and the verb, the verb in both, and how it goes on.
SUBJECTS = [("dog", "dogs"), ("teacher", "teachers"), ("key", "keys"), ("river", "rivers"), ("child", "children"),
            ("farmer", "farmers"), ("letter", "letters"), ("tree", "trees")]
BETWEEN = ["near the old houses", "behind the garden", "from the two villages", "beside the road"]
VERBS = [("is", "are", "very quiet today"), ("has", "have", "been here for years"), ("was", "were", "seen last week"),
         ("does", "do", "not move at all")]


def grammar():
    for index in range(40):
        one, many = SUBJECTS[index % len(SUBJECTS)]
        singular, plural, rest = VERBS[index // 8 % len(VERBS)]
        between = BETWEEN[(index + index // 8) % len(BETWEEN)]
        is_plural = draw.random() < 0.5
        subject = many if is_plural else one
        pair = [f"The {subject} {between} {verb} {rest}." for verb in (singular, plural)]
        choices, answer = pair, int(is_plural)
        if draw.random() < 0.5:
            choices, answer = pair[::-1], 1 - answer
        yield {"prompt": "", "choices": choices, "answer": answer}


FACTS = [
    ("The capital of France is", "Paris", "Berlin", "Madrid", "Rome"),
    ("The capital of Japan is", "Tokyo", "Seoul", "Beijing", "Bangkok"),
    ("The capital of Egypt is", "Cairo", "Tunis", "Nairobi", "Athens"),
    ("The capital of Norway is", "Oslo", "Helsinki", "Vienna", "Dublin"),
    ("The capital of Peru is", "Lima", "Quito", "Havana", "Lisbon"),
    ("The capital of Greece is", "Athens", "Cairo", "Warsaw", "Oslo"),
    ("The opposite of hot is", "cold", "loud", "green", "round"),
    ("The opposite of early is", "late", "heavy", "soon", "wide"),
    ("The opposite of empty is", "full", "small", "dry", "far"),
    ("The opposite of buy is", "sell", "walk", "build", "read"),
    ("The opposite of above is", "below", "behind", "blue", "again"),
    ("The opposite of young is", "old", "short", "fast", "weak"),
    ("Water freezes and becomes", "ice", "steam", "sand", "oil"),
    ("A young cat is called a", "kitten", "puppy", "calf", "foal"),
    ("A young dog is called a", "puppy", "kitten", "lamb", "chick"),
    ("A young cow is called a", "calf", "foal", "cub", "duckling"),
    ("Bees make", "honey", "milk", "silk", "wool"),
    ("We see with our", "eyes", "ears", "hands", "feet"),
    ("We hear with our", "ears", "eyes", "knees", "teeth"),
    ("The largest planet of the Sun is", "Jupiter", "Mars", "Venus", "Mercury"),
    ("The planet that is nearest to the Sun is", "Mercury", "Saturn", "Neptune", "Jupiter"),
    ("The Earth goes around the", "Sun", "Moon", "stars", "clouds"),
    ("A week has seven", "days", "months", "years", "hours"),
    ("A year has twelve", "months", "weeks", "days", "minutes"),
    ("An hour has sixty", "minutes", "days", "weeks", "years"),
    ("A triangle has three", "sides", "wheels", "colours", "names"),
    ("A spider has eight", "legs", "wings", "tails", "noses"),
    ("The day after Monday is", "Tuesday", "Sunday", "Friday", "Saturday"),
    ("The month after March is", "April", "June", "August", "December"),
    ("Bread is made of", "flour", "glass", "iron", "paper"),
    ("Paper is made of", "wood", "stone", "water", "salt"),
    ("The colour of snow is", "white", "black", "red", "purple"),
    ("The colour of fresh grass is", "green", "orange", "white", "black"),
    ("A carpenter works with", "wood", "bread", "numbers", "patients"),
    ("A doctor works in a", "hospital", "bakery", "mine", "stable"),
    ("Fish live in", "water", "trees", "books", "clouds"),
    ("Ice cream is", "cold", "hot", "hard", "loud"),
    ("In winter it is often", "cold", "purple", "wooden", "round"),
    ("The heart pumps", "blood", "air", "food", "light"),
    ("A clock shows the", "time", "weather", "price", "road"),
]


def facts():
    for prompt, right, *wrong in FACTS:
        choices = [right, *wrong]
        draw.shuffle(choices)
        yield {"prompt": prompt, "choices": choices, "answer": choices.index(right)}


TEXTS = [
    "The baker opens the shop at six. By then the first loaves are cooling on the long table, and the street smells of warm bread.",
    "Rain fell on the hills all night. In the morning the river was brown and fast, and the old bridge was closed to carts.",
    "To plant a tree, dig a hole twice as wide as its roots. Set the tree in the middle, fill the hole with soil, and give it water.",
    "My grandmother kept her letters in a wooden box. Each one was tied with a ribbon, and none of them was ever thrown away.",
    "The train to the coast leaves every hour. It stops at four small towns, and the last part of the line runs along the sea.",
    "When the light goes off, check the switch first. If it is on, look at the lamp, and only then at the wires in the wall.",
    "A good soup needs time. Cut the onions small, let them turn golden in the pot, and add the water little by little.",
    "The museum has three floors. On the first there are tools and maps, on the second paintings, and on the third a large clock.",
    "She learned to swim in a lake. The water was so cold that nobody stayed in it for long, except for her and her brother.",
    "Glass is made of sand. The sand is heated until it melts, and while it is soft it can be blown, pressed or drawn into threads.",
    "The meeting began late because the key was lost. After an hour somebody found it in the door, where it had been all the time.",
    "Birds that fly south in autumn often follow a coast or a river. Many come back to the same garden in the next spring.",
    "If two numbers are even, their sum is even. If both are odd, their sum is even too, and only one of each makes an odd sum.",
    "The shop sells paper, pens and ink. Most people who come in want only a stamp, but they stay and talk about the weather.",
    "In the village there was one telephone. It stood in the post office, and whoever wanted to speak had to wait for a turn.",
    "Salt keeps food from going bad. Long before there was ice in the kitchen, fish and meat were covered with it for the winter.",
    "The boat turned slowly into the wind. Its sail hung loose for a moment, then filled again, and we moved on without a sound.",
    "A map is a picture of the land from above. It leaves out most of what is there, and that is the reason why it helps.",
    "He wrote the same sentence ten times. The last one was shorter than the first, and it said more than all the others.",
    "The program reads a file from left to right. When it finds a word that it does not know, it stops and says on which line.",
    "At noon the square was empty. Only a cat lay on the warm stones, and the clock on the tower showed a quarter past seven.",
    "Wool comes from sheep, which are shorn once a year. It is washed, combed and spun before anything can be knitted of it.",
    "Every evening the two friends played chess. They kept no score, but each was sure that he had won a little more often.",
    "A well that is deep enough has water in a dry summer as well. The bucket takes longer to come up, and that is all.",
]


def texts():
    for text in TEXTS:
        yield {"text": text}


NAMES = ["Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry"]
THINGS = ["apples", "books", "coins", "stamps", "eggs", "pencils"]


def word_problems():
    yield {"metric": "generate", "stop": ["\n"], "max_tokens": 48}
    for index in range(24):
        name, thing = NAMES[index % len(NAMES)], THINGS[index % len(THINGS)]
        a, b = draw.randint(4, 20), draw.randint(2, 9)
        text, answer = [
            (f"{name} has {a} {thing} and gets {b} more. How many {thing} does {name} have now?", a + b),
            (f"{name} has {a + b} {thing} and gives {b} of them away. How many {thing} are left?", a),
            (f"{name} has {b} boxes with {a} {thing} in each. How many {thing} are there in all?", a * b),
        ][index % 3]
        yield {"prompt": f"Question: {text}\nAnswer:", "target": str(answer)}


for task in (arithmetic, grammar, facts, texts, word_problems):
    write(task.__name__, task())
