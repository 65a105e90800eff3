"""SASRec on what people rated, beside what counting reaches, and with the order taken away.

Read `held_out`, `counting`, `orders`, `practising`, `measuring` and
`list_order`, in this order.
"""
