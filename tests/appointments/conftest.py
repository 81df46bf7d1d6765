import pytest


@pytest.fixture(autouse=True)
def a_folder_for_static_files(settings, tmp_path_factory):
    """WhiteNoise warns of a missing one, and a warning is an error here."""
    settings.STATIC_ROOT = tmp_path_factory.getbasetemp()
