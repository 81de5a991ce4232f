"""Cases that run one after the other, and what a case needs to look at programs."""

import subprocess
import time
import traceback

CASES = []


def case(function):
    """A case: what it promises is its docstring. It fails by an exception."""
    CASES.append(function)
    return function


def run_all(world, patterns):
    """Runs the cases whose names have one of the patterns in them. Whether all passed."""
    passed, failed = 0, []
    for function in CASES:
        name = f"{function.__module__}.{function.__name__}"
        if patterns and not any(pattern in name for pattern in patterns):
            continue
        begin = time.monotonic()
        try:
            function(world)
        except Exception:
            failed.append(name)
            print(f"✘ {name}: {function.__doc__}\n{traceback.format_exc()}", flush=True)
        else:
            passed += 1
            print(f"✔ {name} ({time.monotonic() - begin:.1f} s): {function.__doc__}", flush=True)
    for name in failed:
        print(f"failed: {name}")
    print(f"{passed} passed, {len(failed)} failed", flush=True)
    return passed > 0 and not failed


class Failure(Exception):
    pass


def expect(condition, sentence):
    if not condition:
        raise Failure(sentence)


def run(*words, check=True, given=None, seconds=600, **options):
    """A program's outcome. One that fails, where it must not, is an exception that has all that the program said."""
    words = [str(word) for word in words]
    done = subprocess.run(
        words, input=given, capture_output=True, text=True, errors="replace", timeout=seconds, **options
    )
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(words)}\nended with {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done


def eventually(sentence, condition, seconds=60):
    """Waits for what another process does; its answer."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds} s: {sentence() if callable(sentence) else sentence}")
        time.sleep(0.1)
