""" The table of the measurements, and its place in a document. """

import re
from dataclasses import dataclass

HEAD = ('Measurement', 'Unit', 'Baseline', 'Ours', 'Ratio', 'Goal', 'Met')
NOT_MEASURED = 'not measured'


@dataclass(frozen=True)
class Row:
    """ What is measured, and what is to be reached.

    :param str name: What is measured.
    :param str unit: Of the figures.
    :param str against: What the baseline is; empty where the goal is about our figure alone.
    :param float|None at_most: The goal: the ratio (without a baseline: the figure) is at most this.
    :param float|None at_least: The goal: it is at least this.
    """

    name: str
    unit: str
    against: str = ''
    at_most: float | None = None
    at_least: float | None = None

    @property
    def goal(self):
        """ The goal in words. """
        parts = [f'≤ {self.at_most:g}' if self.at_most is not None else '',
                 f'≥ {self.at_least:g}' if self.at_least is not None else '']
        return ' and '.join(filter(None, parts)) or '–'

    def is_met(self, baseline, ours):
        """ Return whether the goal is reached; None without a goal, or without a figure for it.

        :param float|None baseline: The other's figure, of the same run.
        :param float|None ours: Our figure.
        """
        figure = ratio(baseline, ours) if self.against else ours
        if figure is None or (self.at_most is None and self.at_least is None):
            return None
        return (self.at_most is None or figure <= self.at_most) and (
            self.at_least is None or figure >= self.at_least)

    def cells(self, figures=None):
        """ Return the texts of its cells.

        :param tuple|None figures: The baseline's figure and ours; None if nobody has measured.
        :rtype: tuple[str, ...]
        """
        name = f'{self.name}, against {self.against}' if self.against else self.name
        if figures is None or figures[1] is None:
            return (name, self.unit, '–', NOT_MEASURED, '–', self.goal, '–')
        baseline, ours = figures
        met = {True: 'yes', False: '**no**', None: '–'}[self.is_met(baseline, ours)]
        return (name, self.unit, show(baseline), show(ours), show(ratio(baseline, ours)),
                self.goal, met)


def ratio(baseline, ours):
    """ Return ours by the baseline; None where one is missing or the baseline is zero. """
    return ours / baseline if baseline and ours is not None else None


def show(figure):
    """ Return a figure with three digits that count. :rtype: str """
    if figure is None:
        return '–'
    if abs(figure) >= 100:
        return f'{figure:.0f}'
    return f'{figure:.3g}' if abs(figure) >= 1e-3 or not figure else f'{figure:.1e}'


def render(rows, figures):
    """ Return a table in Markdown.

    :param dict[str, Row] rows: What is measured, by its key.
    :param dict[str, tuple] figures: The baseline's figure and ours, by the same keys. What is not
                                     there was not measured.
    :rtype: str
    """
    lines = [HEAD, ('---',) * 2 + ('--:',) * 3 + ('---',) * 2,
             *(row.cells(figures.get(key)) for key, row in rows.items())]
    return '\n'.join(f'| {" | ".join(cell.replace("|", "/") for cell in line)} |' for line in lines)


def falls_short(rows, figures):
    """ Return whether a goal was measured and missed. :rtype: bool """
    return any(row.is_met(*figures[key]) is False for key, row in rows.items() if key in figures)


def replace(document, name, content):
    """ Return a document with another content between the markers of a name.

    :param str document: The document; markers that are missing are added at its end.
    :param str name: The name of the place.
    :param str content: What stands there from now on. Nothing else is touched.
    :rtype: str
    :raise ValueError: If the markers are not one pair.
    """
    begin, end = f'<!-- benchmarks: {name} -->', f'<!-- /benchmarks: {name} -->'
    block = f'{begin}\n{content.strip()}\n{end}'
    if begin not in document and end not in document:
        return f'{document.rstrip()}\n\n{block}\n'.lstrip()
    if document.count(begin) != 1 or document.count(end) != 1 or (
        document.index(begin) > document.index(end)
    ):
        raise ValueError(f'The markers of {name!r} are not one pair.')
    pattern = f'{re.escape(begin)}.*?{re.escape(end)}'
    return re.sub(pattern, lambda _match: block, document, flags=re.DOTALL)
