""" Changes of code that `cosmic-ray` does not know: membership, and texts that machines read. """

import parso
from cosmic_ray.operators.operator import Example, Operator

# What a text is told in: people read it, and no test compares it word by word.
FOR_PEOPLE = ('_lt', '_logger')


class ReplaceMembership(Operator):
    """ `in` becomes `not in`, and the other way round. """

    def mutation_positions(self, node):
        """ Yield where the operators of a comparison stand. """
        if node.type == 'comparison':
            for word in node.children[1::2]:
                if _other(word):
                    yield word.start_pos, word.end_pos

    def mutate(self, node, index):
        """ Return the comparison with one operator replaced. """
        places = [place for place in range(1, len(node.children), 2)
                  if _other(node.children[place])]
        place = places[index]
        node.children[place] = parso.parse(f' {_other(node.children[place])}')
        return node

    @classmethod
    def examples(cls):
        """ Return what it does. """
        return (Example('x in y', 'x not in y'), Example('x not in y', 'x in y'))


class ReplaceText(Operator):
    """ A text becomes another one: the names, words and patterns of protocols. """

    def mutation_positions(self, node):
        """ Yield where a text for machines stands. """
        if node.type == 'string' and not _is_for_people(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        """ Return the text with a sign more. """
        quote = node.value[-1]
        end = len(node.value) - (3 if node.value.endswith(quote * 3) and len(node.value) > 5 else 1)
        node.value = f'{node.value[:end]}~{node.value[end:]}'
        return node

    @classmethod
    def examples(cls):
        """ Return what it does. """
        return (Example("x = 'a'", "x = 'a~'"), Example("x = b''", "x = b'~'"))


def _other(word):
    """ Return the opposite of an operator of membership, or nothing. """
    code = ' '.join(word.get_code(include_prefix=False).split())
    return {'in': 'not in', 'not in': 'in'}.get(code)


def _is_for_people(node):
    """ Return whether a text is a docstring, what is raised, logged or translated. """
    statement = node
    while statement.parent.type in ('strings', 'atom_expr', 'trailer', 'arglist', 'power'):
        statement = statement.parent
        if statement.type == 'atom_expr' and statement.get_first_leaf().value in FOR_PEOPLE:
            return True
    return statement.parent.type in ('simple_stmt', 'raise_stmt')


OPERATORS = {
    'own/ReplaceMembership': ReplaceMembership,
    'own/ReplaceText': ReplaceText,
}
