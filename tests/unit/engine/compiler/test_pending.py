from gateway.engine.compiler.pending import DeferredFields


def test_deferred_fields_are_equal_only_to_themselves():
    """Rendered values are cached by deferred fields."""
    assert len({DeferredFields(()), DeferredFields(())}) == 2


def test_deferred_fields_need_the_path_by_default():
    assert DeferredFields(()).needs_path
