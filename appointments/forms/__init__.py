from .fields import WishesForm
from .own_page import AnswerForm, ChooseTimeForm, CorrectContactForm, LostLinkForm
from .steps import SCREEN, STEPS, ContactForm, Screened

__all__ = [
    "SCREEN",
    "STEPS",
    "AnswerForm",
    "ChooseTimeForm",
    "ContactForm",
    "CorrectContactForm",
    "LostLinkForm",
    "Screened",
    "WishesForm",
]
