"""`GET /api/2.0/clients/{clientId}`: who a client is."""

from gateway.sandbox.answers import Answer, item
from gateway.sandbox.questions import Question
from gateway.sandbox.shown.client import client as shown


def client(question: Question) -> Answer:
    life = question.world.life(question.account, question.ids["clientId"])
    return item(life and shown(life.story))
