""" A plugin of pytest: what fails is named when it fails. A run that is cut by its limit of time
would otherwise not tell.
"""

import pytest


class AtOnce:
    """ Names failures.

    :param terminal: Pytest's reporter.
    """

    def __init__(self, terminal):
        self._terminal = terminal

    def pytest_runtest_logreport(self, report):
        """ Hook of pytest: name a test that has failed, and what with. """
        if not report.failed:
            return
        crash = getattr(report.longrepr, 'reprcrash', None)
        reason = (crash.message if crash else str(report.longrepr)).strip().splitlines()[-1:]
        self._terminal.ensure_newline()
        self._terminal.write_line(' '.join([f'✗ {report.nodeid}', *reason])[:300])


@pytest.hookimpl(trylast=True)  # when the reporter is there
def pytest_configure(config):
    """ Hook of pytest: the workers of a run tell their controller, which names. """
    terminal = config.pluginmanager.get_plugin('terminalreporter')
    if terminal and not hasattr(config, 'workerinput'):
        config.pluginmanager.register(AtOnce(terminal))
