"""Says at the end of the run how many bad answers were graded and how many defences were needed."""


def pytest_terminal_summary(terminalreporter):
    passed = [report.nodeid for report in terminalreporter.getreports("passed")]
    told = sum("test_bad_answer_gets_a_card_that_says_so" in name for name in passed)
    missed = sum("test_answer_is_not_told_without_its_defence" in name for name in passed)
    if told or missed:
        terminalreporter.write_line(
            f"bad answers graded truthfully: {told} kinds; "
            f"seen failing without a defence: {missed} trials"
        )
