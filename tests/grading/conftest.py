"""Says at the end of the run how many kinds of bad answers were graded."""


def pytest_terminal_summary(terminalreporter):
    rows = [
        report
        for report in terminalreporter.getreports("passed")
        if "test_bad_answer_gets_a_card_that_says_so" in report.nodeid
    ]
    if rows:
        terminalreporter.write_line(f"bad answers graded truthfully: {len(rows)} kinds")
