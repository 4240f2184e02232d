"""For the pages of the desk: a clerk who has logged in."""

import pytest


@pytest.fixture
def desk(reader):
    return reader.log_in_staff("ishida")
