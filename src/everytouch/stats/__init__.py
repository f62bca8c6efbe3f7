"""Pure numerics: arrays in, frozen results out; what accumulates has ``__add__``."""
