"""Values in an identifier's place that identify nobody, such as "n/a" or a phone without digits."""

from everytouch.moments.api import NOBODY

_FEWEST_DIGITS = 5


def identifying(cell: str, namespace: str) -> str:
    """Return SQL for an identifier: its text, or NULL where it identifies nobody.

    Args:
        cell: SQL of the text.
        namespace: an e-mail address needs an @, a phone number digits; anything else a letter
            or a digit other than 0.
    """
    words = ", ".join("'" + word + "'" for word in sorted(NOBODY))
    checks = [f"lower(trim({cell})) NOT IN ({words})"]
    if namespace == "email":
        checks.append(rf"regexp_matches({cell}, '[^@\s]@[^@\s]')")
    elif namespace == "phone":
        checks.append(f"len(regexp_replace({cell}, '[^0-9]', '', 'g')) >= {_FEWEST_DIGITS}")
        checks.append(f"regexp_matches({cell}, '[1-9]')")
    else:
        checks.append(rf"regexp_matches({cell}, '[\p{{L}}1-9]')")
    return f"CASE WHEN {' AND '.join(checks)} THEN trim({cell}) END"
