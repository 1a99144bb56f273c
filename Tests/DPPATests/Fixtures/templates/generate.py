"""What Jinja makes of templates: python generate.py, with jinja2, writes cases.json beside itself.

A case is [style, template, what comes out]; style is "chat" (as transformers sets Jinja up) or "mapping" (as
lm-evaluation-harness does). All see the same values, which are at the head of the file.
"""
import json, pathlib
import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

VALUES = {
    "messages": [{"role": "system", "content": " Be brief.\n"}, {"role": "user", "content": "Grüße  <|im_end|>"},
                 {"role": "assistant", "content": "Hi\n"}, {"role": "user", "content": "日本?"}],
    "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>", "tools": None,
    "question": "  Which one? ", "answer": 2, "label": "1", "score": 0.5, "empty": "", "names": ["b", "a", "c"],
    "choices": {"text": ["red", "green", "blue"], "label": ["A", "B", "C"]}, "key": "B", "flag": False,
    "long": "a [title] b [x] c  d", "nested": {"items": 3, "a": {"b": [1, [2, 3]]}}, "quote": "say \"hi\"\\\t\u00e9",
}

CHATML = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + "
          "'\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
HEADERS = """{%- set loop_messages = messages %}
{%- for message in loop_messages %}
    {%- set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}
    {%- if loop.index0 == 0 %}
        {%- set content = bos_token + content %}
    {%- endif %}
    {{- content }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
"""
INST = """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set ns = namespace(index=0) %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
        {{- raise_exception("roles must alternate") }}
    {%- endif %}
    {%- set ns.index = ns.index + 1 %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\n\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token }}
    {%- else %}
        {{- raise_exception("who is " ~ message.role) }}
    {%- endif %}
{%- endfor %}
"""
CHATS = [
    CHATML, HEADERS, INST, CHATML + "\n", "a\n\n", "x{# no\n #}y", "x {#- no -#} y", "  {# no #}\nz",
    "{% if tools %}tools{% elif not tools %}none{% else %}?{% endif %}", "{% if tools is none %}1{% endif %}\n2",
    "a\n  {% if true %}\n  b\n  {% endif %}\nc", "a  {%- if true -%}  b  {%- endif -%}  c", "a  {%+ if true %} b{% endif +%}\nc",
    "  {%+ if true %}x{% endif %}", "{% if true %}\n\n  x\n{% endif %}\n\n\ny", "a {{- ' b ' -}} c", "{{ missing }}|",
    "{{ missing is defined }} {{ missing is not defined }}", "{% for m in missing %}x{% else %}none{% endfor %}",
    "{% for m in messages if m.role == 'user' %}{{ loop.index }}/{{ loop.length }}:{{ m.content }};{% endfor %}",
    "{% for m in messages[::-1] %}{{ loop.revindex0 }}{{ loop.first }}{{ m.role[0] }}{% endfor %}",
    "{% for m in messages %}{% if loop.previtem is defined %}{{ loop.previtem.role }}<{% endif %}{{ m.role }}"
    "{% if loop.nextitem is defined %}>{{ loop.nextitem.role }}{% endif %};{% endfor %}",
    "{% for k, v in nested.items() %}{{ k }}={{ v if v is number else 'm' }} {% endfor %}",
    "{% for k, v in nested | items %}{{ k }} {% endfor %}", "{% set x = 1 %}{% for i in range(3) %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}",
    "{% set ns = namespace(n=0, t='') %}{% for i in range(1, 8, 3) %}{% set ns.n = ns.n + i %}{% set ns.t = ns.t ~ i %}{% endfor %}{{ ns.n }} {{ ns.t }}",
    "{% set x %}a{{ 1 }}b{% endset %}[{{ x }}]", "{% if x is defined %}{% set x = 1 %}{% endif %}{{ x is defined }}",
    "{% set a = messages | length %}{{ a }}", "{{ messages | map(attribute='role') | join(', ') }}",
    "{{ messages | selectattr('role', 'equalto', 'user') | list | length }}", "{{ (messages | last).content }}",
    "{{ messages | rejectattr('role', 'eq', 'user') | map(attribute='role') | list | tojson }}",
    "{{ nested | tojson }}", "{{ quote | tojson }}", "{{ names | tojson }} {{ true | tojson }} {{ none | tojson }} {{ score | tojson }}",
    "{{ '%}' }}{{ \"}}\" }}{{ '{{' }}", "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ 'a' 'b' }}", "{{ 'it\\'s' }}{{ '\\n' }}{{ '\\\\' }}{{ '\\[' }}{{ '\\u00e9' }}",
    "{{ messages[-1].content[0] }}{{ messages[0].content[1:3] }}{{ 'abc'[::-1] }}{{ 'abcdef'[4:1:-2] }}|{{ 'abc'[5:] }}|",
    "{{ 'a' in 'cat' }}{{ 'role' in messages[0] }}{{ 'x' not in names }}{{ 'a' in names }}",
    "{{ messages[0]['content'].strip() }}|{{ messages[0].content | trim | upper }}|{{ 'xxaxx'.strip('x') }}|{{ 'xxa '.lstrip('x') }}|{{ ' a'.rstrip() }}|",
    "{{ 'a,b,,c'.split(',') | join('|') }} {{ ' a  b '.split() | join('|') }} {{ 'a-b-c'.split('-', 1)[-1] }} {{ 'abc'.split('x')[0] }}",
    "{{ 'hello'.startswith('he') }}{{ 'hello'.endswith('lo') }}{{ 'hello'.startswith('lo') }}{{ ''.startswith('') }}",
    "{{ 'hELLO wORLD'.capitalize() }} {{ 'éa' | capitalize }} {{ 'hello wORLD' | title }} {{ 'ß' | upper }} {{ 'İ' | lower | length }}",
    "{{ 1 + 2 * 3 - 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 * 3.5 }} {{ -2 }} {{ - 2 + 5 }} {{ 1 ~ 'a' ~ 2.5 }}",
    "{{ 1 < 2 }}{{ 2 <= 2 }}{{ 'a' < 'b' }}{{ 1 == 1.0 }}{{ '1' == 1 }}{{ none == false }}{{ 1 < 2 < 3 }}{{ 3 > 2 > 2 }}",
    "{{ not true or true }} {{ not (true or true) }} {{ 1 and 2 }} {{ 0 or 'x' }} {{ '' or none }} {{ not not 1 }}",
    "{{ 'a' if flag else 'b' }} {{ 'a' if not flag }} {{ '-' if false }}|", "{{ 1 if flag else 2 if true else 3 }}",
    "{{ empty | default('d') }}|{{ missing | default('d') }}|{{ empty | default('d', true) }}|{{ missing | d }}|",
    "{{ '3' | int + 1 }} {{ 'x' | int }} {{ 3.9 | int }} {{ '2.5' | float }} {{ 5 | string + '5' }}",
    "{{ names | first }}{{ names | last }}{{ names | reverse | join }}{{ 'abc' | reverse }}{{ 'abc' | first }}{{ 'a' | list | length }}",
    "{{ names.index('a') }} {{ names | join }} {{ ','.join(names) }} {{ (names + ['d']) | length }}",
    "{{ 'aXbXc' | replace('X', '--') }} {{ 'aaa'.replace('aa', 'b') }} {{ 'a.b'.replace('.', '') }}",
    "{{ 1 is number }}{{ 'a' is string }}{{ names is sequence }}{{ nested is mapping }}{{ 1 is odd }}{{ 2 is even }}{{ 2 is in [1, 2] }}{{ none is none }}{{ true is boolean }}{{ 'a' is iterable }}{{ 1.5 is float }}{{ 1 is integer }}{{ false is false }}{{ 1 is true }}",
    "{{ nested.a.b[1][0] }} {{ nested['a'].b.0 }} {{ nested.get('zz', 'no') }} {{ nested.get('items') }} {{ nested.keys() | join(',') }}",
    "{{ [1, 2, 3][1:] | join('-') }} {{ (1, 2) | length }} {{ [] | length }} {{ {} | length }} {{ [1,2,3] | select('odd') | join }} {{ [0, 1] | reject | join }}",
    "{{ bos_token }}{% for m in messages %}{{ loop.index0 % 2 == 0 }}{% endfor %}", "\n{{ 1 }}\n\n", "{% if messages|length > 3 and messages[0].role == 'system' %}yes{% endif %}",
    "{{ 12345678901 * 3 }} {{ 1.0 }} {{ 1e0 if false else 10.25 }}", "{{ true }} {{ False }} {{ none }}", "{{ 'a\nb' }}", "{{ 'ab' * 1 if false else 'x' }}",
    "{% for a, b in [[1, 2], [3, 4]] %}{{ a }}{{ b }};{% endfor %}", "{{- bos_token -}}\n x", "{{ 'a' }}\n{{ 'b' }}", "{{ '1'.isdigit() }}{{ ''.isdigit() }}{{ '1a'.isdigit() }}",
    "a\r\nb{% if true %}\r\nc{% endif %}", "{% for x in 'héy' %}{{ x }}.{% endfor %}", "{{ names[5] is defined }}", "{{ 'x\ny\n'.splitlines() | length }}",
]
MAPPINGS = [
    "Question: {{question}}\nAnswer:", "{{question.strip()}}\n", "{{choices.label.index(key)}}", "{{ choices.text | join(', ') }}\n\n",
    "{{answer}}", "{{label}}", "a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "{% for c in choices.text %}{{ 'ABC'[loop.index0] }}. {{ c }}\n{% endfor %}",
    "{{long | replace(' [title]', '. ') | regex_replace('\\[[^\\]]*\\]', '') | replace('  ', ' ')}}",
    "{{ choices.text | map('replace', 'e', 'E') | map('upper') | join(' ') }}", "{{ '%s' if false else question | trim }}",
]
# What Jinja refuses, or what is written as Python would: Jinja's own words are not compared.
REFUSED = [
    ["chat", "{% macro a() %}{% endmacro %}", "'{% macro %}' is not read"], ["chat", "x\n{% include 'y' %}", "line 2: '{% include %}' is not read"],
    ["chat", "{% generation %}x{% endgeneration %}", "'{% generation %}' is not read"], ["chat", "{% if true %}", "'{% if %}' without '{% endif %}'"],
    ["chat", "a\n{% endif %}", "line 2: '{% endif %}' closes nothing"], ["chat", "{% if a %}{% endfor %}", "closed by another tag"],
    ["chat", "{{ 1 +", "'{{' without '}}'"], ["chat", "\n\n{{ 1 + }}", "line 3: 'the end of the tag' has no meaning here"],
    ["chat", "{{ 'a }}", "a text without its closing '"], ["chat", "{{ a $ b }}", "'$' has no meaning here"], ["chat", "{# x", "'{#' without '#}'"],
    ["chat", "{{ 2 ** 3 }}", "'**' is not read"], ["chat", "{{ raise_exception('no system') }}", "the template refuses: no system"],
    ["chat", "{{ foo() }}", "'foo()' is not read"], ["chat", "{{ strftime_now('%d') }}", "'strftime_now()' is not read"],
    ["chat", "{{ missing.x }}", "there is no 'missing'"], ["chat", "{{ 'a' | trimm }}", "did you mean 'trim'"], ["chat", "{{ 'a' | indent(2) }}", "the filter 'indent' is not read"],
    ["chat", "{{ 1 is prime }}", "the test 'prime' is not read"], ["chat", "{{ 'a'.format(1) }}", "the method 'format' of a text is not read"], ["chat", "{{ names }}", "a list is written as text"],
    ["chat", "{{ 1 + 'a' }}", "'+' between a number and a text"], ["chat", "{{ 1 // 0 }}", "'//' between"], ["chat", "{{ 9223372036854775807 + 1 }}", "'+' between"],
    ["chat", "{% set a.b = 1 %}", "no namespace"], ["chat", "{% for a, b in [[1]] %}{% endfor %}", "2 names for 1 values"], ["chat", "{{ names.index('z') }}", "is not in the list"],
    ["chat", "{% raw %}{{ x }}{% endraw %}", "'{% raw %}' is not read"], ["chat", "{% for x in range(9999999) %}{% endfor %}", "more than 1048576"],
    ["chat", "{% for a in range(3000) %}{% for b in range(3000) %}{% endfor %}{% endfor %}", "more than 5000000 steps"],
    ["chat", "{% set ns = namespace(t='aaaaaaaaaaaaaaaa') %}{% for a in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}", "more than 5000000 steps"],
    ["chat", "{{ " + "(" * 200 + "1" + ")" * 200 + " }}", "nested more than 100 deep"], ["chat", "{{ " + "1+" * 1000 + "1 }}", "nested more than 400 deep"],
    ["chat", "{{ " + "1+" * 3000 + "1 }}", "a tag of more than 4000 words"], ["chat", "{% if 1 %}" * 150 + "{% endif %}" * 150, "tags nested more than 100 deep"],
    ["chat", "{{ 1" + "0" * 30 + " }}", "is too large"], ["chat", "{{ '\\ud800' }}", "is no character"], ["chat", "{{ none | length }}", "none has no length"], ["chat", "{{ 5 | trim }}", "'trim' of a number"],
    ["chat", "{{ names | tojson(indent=4) }}", "'tojson' with 'indent' is not read"], ["chat", "{{ 'a'.replace('a', 'b', 1) }}", "'replace' with 3 arguments is not read"],
    ["chat", "{{ names | join(', ', 'x') }}", "'join' with 2 arguments is not read"],
    ["mapping", "{{ qestion }}", "there is no 'qestion'; did you mean 'question'?"], ["mapping", "{{ choices }}", "a mapping is written as text"],
    ["mapping", "{% for x in missing %}{% endfor %}", "there is no 'missing'"], ["mapping", "{{ long | regex_replace('[', '') }}", "a pattern of"], ["mapping", "{{ choices.txet }}", "there is no 'txet'"],
    ["mapping", "{{ long | regex_replace('(a)', '\\\\1') }}", "a group in its replacement"],
]


def replaced(text, pattern, repl, count=0):
    import re
    return re.sub(pattern, repl, text, count=count)


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


chat = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
chat.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
chat.globals["raise_exception"] = refuse
mapping = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
mapping.filters["regex_replace"] = replaced

if __name__ == "__main__":
    cases = [["chat", text, chat.from_string(text).render(**VALUES)] for text in CHATS]
    cases += [["mapping", text, mapping.from_string(text).render(**VALUES)] for text in MAPPINGS]
    file = {"values": VALUES, "cases": cases, "refused": REFUSED}
    path = pathlib.Path(__file__).resolve().parent / "cases.json"
    path.write_text(json.dumps(file, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(len(cases), "cases,", len(REFUSED), "refused")
