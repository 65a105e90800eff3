"""`python -m grading`: the command line in its surroundings."""

import sys

from surroundings import settle

if __name__ == "__main__":
    settle("grading")
    from grading.command_line import main

    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
