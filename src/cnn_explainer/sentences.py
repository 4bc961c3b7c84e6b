"""Numbers for the sentences around the cells."""


def glue(name: str, value, display: bool = False) -> None:
    """Hand a value to the text of a MyST page; a plain notebook prints it.

        glue("accuracy", 0.5912)        # in the text: {glue:text}`accuracy:.0%`  ->  59%

    With `display`, a page shows the value below the cell, too.
    """
    try:
        from myst_nb import glue as hand_over
    except ModuleNotFoundError:
        print(f"{name} = {value}")
    else:
        hand_over(name, value, display=display)
