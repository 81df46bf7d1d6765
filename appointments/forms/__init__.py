from .own_page import AnswerForm, ChooseTimeForm, CorrectContactForm, LostLinkForm, NewWishesForm
from .steps import SCREEN, STEPS, ContactForm, Screened

__all__ = [
    "SCREEN",
    "STEPS",
    "AnswerForm",
    "ChooseTimeForm",
    "ContactForm",
    "CorrectContactForm",
    "LostLinkForm",
    "NewWishesForm",
    "Screened",
]
