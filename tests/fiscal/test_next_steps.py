""" What is next for a receipt: the code's table and that of the docs are one. """

import re

from tochka_fiscal import const
from tochka_fiscal.receipt import ReceiptError
from tochka_fiscal.registers import base
from tools.layout import ROOT

MAYBE = {'–': None, 'no': False, 'yes': True}


def test_docs_say_what_the_code_does():
    text = (ROOT / 'docs/fiscal.md').read_text()
    head = '| Call | Maybe | Ends as | Next | What that is |\n|---|---|---|---|---|\n'
    rows = text.split(head)[1].split('\n\n')[0].splitlines()
    told = []
    for row in rows:
        _nothing, call, maybe, answer, step, _words = row.split('|', 5)
        [method] = re.findall('`(.+?)`', step)
        told.append((tuple(re.findall('`(.+?)`', call)), MAYBE[maybe.strip()],
                     tuple(re.findall('`(.+?)`', answer)), method))
    assert told == list(const.NEXT_STEPS)


def test_rows_name_what_there_is():
    """ Each row names classes, none twice, and nothing may have two next steps. """
    seen = set()
    for calls, maybe_taken, answers, _step in const.NEXT_STEPS:
        for call in calls:
            for answer in answers:
                assert isinstance(getattr(base, answer, ReceiptError), type)
                assert answer == 'ReceiptError' or hasattr(base, answer)
                for maybe in (True, False) if maybe_taken is None else (maybe_taken,):
                    assert (call, maybe, answer) not in seen
                    seen.add((call, maybe, answer))
    # Of each call, whatever was before, every outcome has its next step.
    for call in ('sending', 'forgotten', 'repeated'):
        for maybe in (True, False):
            assert {answer for one, before, answer in seen if (one, before) == (call, maybe)} == {
                'Result', 'Duplicate', 'Rejected', 'Unsupported', 'ReceiptError', 'NotSent',
                'Unauthorized', 'OutcomeUnknown'}
    for maybe in (True, False):
        assert {answer for one, before, answer in seen if (one, before) == ('accepted', maybe)} == {
            'Result', 'NotSent', 'Unauthorized', 'NotFound', 'OutcomeUnknown', 'RegisterError'}
