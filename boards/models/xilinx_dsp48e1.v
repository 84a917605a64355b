// A thin model of DSP48E1 as cores use it, P being registered: C + (A:B or 0) + (PCIN or 0),
// or with ALUMODE 3 C - (A:B + CARRYIN).
module DSP48E1 #(
    parameter USE_MULT = "NONE", parameter PREG = 1,
    parameter ACASCREG = 0, parameter ADREG = 0, parameter ALUMODEREG = 0, parameter AREG = 0,
    parameter BCASCREG = 0, parameter BREG = 0, parameter CARRYINREG = 0, parameter CARRYINSELREG = 0,
    parameter CREG = 0, parameter DREG = 0, parameter INMODEREG = 0, parameter MREG = 0,
    parameter OPMODEREG = 0
) (
    input CLK, CEP, CEA1, CEA2, CEAD, CEALUMODE, CEB1, CEB2, CEC, CECARRYIN, CECTRL, CED, CEINMODE, CEM,
    input RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE, RSTM, RSTP,
    input CARRYIN, CARRYCASCIN, MULTSIGNIN,
    input [29:0] A, ACIN,
    input [17:0] B, BCIN,
    input [47:0] C, PCIN,
    input [24:0] D,
    input [6:0] OPMODE,
    input [3:0] ALUMODE,
    input [2:0] CARRYINSEL,
    input [4:0] INMODE,
    output reg [47:0] P,
    output [47:0] PCOUT
);
    wire [47:0] x = OPMODE[1:0] == 2'b11 ? {A, B} : 48'd0;
    wire [47:0] y = OPMODE[3:2] == 2'b11 ? C : 48'd0;
    wire [47:0] z = OPMODE[6:4] == 3'b001 ? PCIN : OPMODE[6:4] == 3'b011 ? C : 48'd0;
    initial P = 48'd0;
    always @(posedge CLK) if (CEP) P <= ALUMODE == 4'b0011 ? z - (x + y + {47'd0, CARRYIN}) : z + x + y + {47'd0, CARRYIN};
    assign PCOUT = P;
endmodule
