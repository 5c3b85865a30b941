"""The sales process: described by people, measured from the stage history, set side by side, changed."""
