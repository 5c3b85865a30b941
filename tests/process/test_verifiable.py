"""Outputs that can be checked, and such as cannot, in both languages."""

import pytest

from crmkit.process.description import Result
from crmkit.process.verifiable import is_verifiable, says_something

GOOD_RU = """\
Договор подписан обеими сторонами
КП отправлено клиенту
Счёт выставлен
Оплата поступила
Деньги на расчётном счёте
Анкета клиента заполнена
Балл квалификации не ниже 7
Встреча назначена
Назначена дата следующего звонка
Протокол встречи
Товар отгружен, накладная подписана
Причина отказа выбрана в карточке
Клиент доволен, акт подписан
Интерес подтверждён письмом клиента
КП готово и приложено к сделке
Проект договора готов
Техническое задание
Презентация проведена
ЛПР и его телефон
Условия согласованы
Клиент подтвердил заказ
Реквизиты получены
Смета на работы
Гарантийное письмо клиента
Отказ: причина указана
Сделка закрыта
Три варианта решения показаны клиенту
Клиент заинтересован: встреча с ЛПР назначена на дату
Скидка утверждена
Список участников решения
Сделка успешно закрыта""".splitlines()
BAD_RU = """\
Клиент заинтересован
клиент заинтересован в договоре
Клиент заинтересован в покупке
Потребность понята
Потребность выявлена
Клиент готов купить
Клиент готов подписать договор
Клиент готов к встрече
Клиент доволен презентацией
Установлен контакт с клиентом
Хорошие отношения с клиентом
Клиент понимает ценность предложения
Клиент намерен оплатить счёт
Доверие клиента
Тёплый лид
Интерес клиента подтверждён
Квалифицированный лид
Переговоры
Работа с возражениями
Клиент прогрет
Возражения сняты
Лояльный клиент
Клиент думает
Успешная презентация
Клиент согласен с ценой
Клиент рассматривает КП""".splitlines()
GOOD_EN = """\
Contract signed by both sides
Proposal sent to the client
Invoice issued
Payment received
Qualification form filled in
Score of at least 7
Meeting booked
Date of the next call
Minutes of the meeting
Goods shipped, delivery note signed
Reason for the loss chosen on the card
The client is happy, acceptance signed
Interest confirmed by the client's e-mail
Specification
Demo held
Decision maker and phone
Terms agreed
Order confirmed
Budget and deadline
Deal closed
NDA
Purchase order from the client
Discount approved
The client is interested: meeting scheduled for a date
Quote
Client's details received
Deal closed successfully""".splitlines()
BAD_EN = """\
The client is interested
the client is interested in the proposal
Client understands the value
Need identified
Client is ready to buy
Client ready to sign the contract
Client wants a meeting
Happy client
Good relationship with the client
Rapport
Trust
Client likes the presentation
Warm lead
Qualified lead
Negotiations
Handling objections
Client is convinced
Client intends to pay the invoice
Positive feedback
Successful presentation
Client engaged
The client agrees to the price
Client is considering the offer""".splitlines()


@pytest.mark.parametrize("text", GOOD_RU + GOOD_EN)
def test_what_can_be_checked_passes(text: str) -> None:
    assert is_verifiable(Result(text=text))


@pytest.mark.parametrize("text", BAD_RU + BAD_EN)
def test_what_is_in_a_head_is_caught(text: str) -> None:
    assert not is_verifiable(Result(text=text))
    assert not is_verifiable(Result(text=text, kind="data"))


def test_a_kind_that_is_seen_is_enough_but_no_cover_for_a_feeling() -> None:
    assert not is_verifiable(Result(text="Сборник типовых решений", kind="data"))
    assert is_verifiable(Result(text="Сборник типовых решений", kind="document"))
    assert not is_verifiable(Result(text="The client is interested", kind="document"))


def test_a_named_field_is_enough() -> None:
    # «Power of the motor» is no word of any list; it is a field of the client's CRM.
    assert not is_verifiable(Result(text="Power of the motor"))
    assert is_verifiable(Result(text="Power of the  motor"), ["power of the motor"])
    assert not is_verifiable(Result(text="Empowered"), ["power"])


@pytest.mark.parametrize("text", ["", "-", "—", " n/a ", "Нет.", "не определён", "TBD", "?"])
def test_a_word_for_nothing_says_nothing(text: str) -> None:
    assert not says_something(text)


@pytest.mark.parametrize("text", ["Доля договоров", "нет просрочки", "5 %", "No overdue tasks"])
def test_other_texts_say_something(text: str) -> None:
    assert says_something(text)
