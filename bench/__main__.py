"""Measure the book's attention against what people would use instead: `make bench`.

Each subject is a file beside this one with `measure(device, rounds)`, which returns {name:
{"median", "min", "max"}}, and `TARGETS`, what the book promises of these figures on a processor.
It prints a table and writes book/benchmarks.json, from which `make html` draws the page.
"""

import argparse
import importlib
import os
import sys

SUBJECTS = ("multi_head", "encoder", "decoding", "efficiency", "seeing")
COMPILED = "compiled"
PACKAGES = ("torch", "transformers")


def main():
    args = arguments()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)  # before torch is imported
    import torch
    from record import RESULT, ROOT, conditions, judge, save, table
    from rich.console import Console

    if args.device != "cpu" and not torch.cuda.is_available():
        sys.exit(f"There is no {args.device} device here.")
    torch.set_num_threads(args.threads)
    console, verdicts = Console(), []
    names = args.subjects or [*SUBJECTS, *([COMPILED] if args.compile else [])]
    for name in names:
        console.print(f"[bold]{name}[/] on {args.device}")
        entry = conditions(PACKAGES, args.rounds, threads=args.threads, device=args.device)
        subject = importlib.import_module(name)
        torch.manual_seed(0)
        measured = subject.measure(device=args.device, rounds=args.rounds)
        if not measured:
            continue
        targets = subject.TARGETS if args.device == "cpu" else {}
        entry["rows"] = judge(measured, targets)
        save(name, args.device, entry)
        console.print(table("", entry["rows"]))
        verdicts += [row["holds"] for row in entry["rows"].values() if "holds" in row]
    console.print(
        f"\nMedians of {args.rounds} rounds, in which ours and its peer take turns, on "
        f"{args.threads} threads.\n{sum(verdicts)} of {len(verdicts)} targets hold.\n"
        f"Written to {RESULT.relative_to(ROOT)}; make html shows it."
    )


def arguments():
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    known = ", ".join([*SUBJECTS, COMPILED])
    parser.add_argument("subjects", nargs="*", metavar="NAME", help=f"of {known}; the others stay")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="default: cpu")
    parser.add_argument("--threads", type=int, default=2, help="of torch; default: 2")
    parser.add_argument("--rounds", type=int, default=11, help="default: 11")
    parser.add_argument(
        "--compile", action="store_true", help="also with torch.compile, which takes minutes"
    )
    args = parser.parse_args()
    if unknown := set(args.subjects) - {*SUBJECTS, COMPILED}:
        parser.error(f"there is no subject {', '.join(sorted(unknown))}; there are {known}")
    if args.threads < 1 or args.rounds < 1:
        parser.error("threads and rounds must be at least 1")
    return args


if __name__ == "__main__":
    main()
